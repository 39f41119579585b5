using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>DeformConv (opset 19, 22): a convolution whose taps are moved by computed offsets: what they see, times the weights.</summary>
internal static class DeformConvImport
{
    public static ImmutableArray<Value> DeformConv(OnnxNode node, GraphBuilder graph)
    {
        var (x, weights) = (new Term(graph, node.Input(0)), new Term(graph, node.Input(1)));
        if (x.Shape.Rank != 4)
        {
            throw node.Unsupported($"x is {x.Shape}; supported: two spatial dimensions");
        }

        var window = WindowImport.OfConvolution(node, x.Shape, weights.Shape);
        var (groups, outputs, channels) = (Positive("group"), weights.Shape[0], x.Shape[1]);
        if (channels % groups != 0 || outputs % groups != 0 || weights.Shape[1] != channels / groups)
        {
            throw new ShapeException($"x {x.Shape} and weights {weights.Shape} do not fit {groups} groups");
        }

        var op = new DeformableColumns(window, Positive("offset_group"));
        var columns = node.HasInput(4) ? x.Apply(op, node.Input(2), node.Input(4)) : x.Apply(op, node.Input(2));
        var (taps, plane) = (checked(channels / groups * window.Taps), columns.Shape[3]);
        var output = window.OutputShape(x.Shape, outputs, DataLayout.ChannelsFirst);
        var y = weights
            .Reshape(groups, outputs / groups, taps)
            .Apply(MatMul.Plain, columns.Reshape(x.Shape[0], groups, taps, plane).Value)
            .Reshape(output);
        return [node.OptionalInput(3) is { } bias ? (y + new Term(graph, bias).Reshape(outputs, 1, 1)).Value : y.Value];

        int Positive(string attribute) =>
            node.Int(attribute, 1) is >= 1 and <= TensorShape.MaxElements and var count
                ? (int)count
                : throw new ShapeException($"{attribute} is {node.Int(attribute, 1)}; 1 or more was expected");
    }
}
