using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>MaxUnpool (opset 9, 11, 22): puts maxima back where a MaxPool has found them, among zeros.</summary>
internal static class MaxUnpoolImport
{
    public static ImmutableArray<Value> MaxUnpool(OnnxNode node, GraphBuilder graph)
    {
        var (x, places) = (new Term(graph, node.Input(0)), new Term(graph, node.Input(1)));
        if (x.Shape != places.Shape)
        {
            throw new ShapeException($"elements {x.Shape} and places {places.Shape} do not fit");
        }

        var shape = PooledShape(node, x.Shape);
        var zeros = x.Number(0).Apply(new Expand(new(shape.Elements)));
        var scattered = zeros.Apply(
            new ScatterND(ScatterReduction.None),
            places.Reshape(x.Shape.Elements, 1).Value,
            x.Reshape(x.Shape.Elements).Value
        );
        var y = scattered.Reshape(shape);
        return [node.OptionalConstantInput(2, "the output's shape") is { } wanted ? Within(y, ShapeImport.ToShape(wanted)).Value : y.Value];
    }

    /// <summary>The shape that the pooling had before it, as far as its result tells; places count elements of that shape.</summary>
    private static TensorShape PooledShape(OnnxNode node, TensorShape shape)
    {
        var kernel = node.Ints("kernel_shape") ?? throw new ShapeException("'kernel_shape' is missing");
        var strides = node.Ints("strides") ?? [.. kernel.Select(_ => 1L)];
        var pads = node.Ints("pads") ?? new long[2 * kernel.Length];
        if (shape.Rank != kernel.Length + 2 || strides.Length != kernel.Length || pads.Length != 2 * kernel.Length)
        {
            throw new ShapeException($"a kernel of {kernel.Length} dimensions, its strides and pads do not fit {shape}");
        }

        var spatial = kernel.Select(
            (size, i) => Checked(Checked(Checked(shape[i + 2] - 1) * Checked(strides[i])) + size - pads[i] - pads[i + kernel.Length])
        );
        return new([shape[0], shape[1], .. spatial.Select(s => (int)s)]);

        static long Checked(long size) =>
            size is >= -1 and <= TensorShape.MaxElements ? size : throw new ShapeException($"a size is {size}");
    }

    /// <summary>In the upper left of a larger shape.</summary>
    private static Term Within(Term y, TensorShape wanted)
    {
        if (wanted.Rank != y.Shape.Rank || wanted.Zip(y.Shape, (to, from) => to < from).Any(smaller => smaller))
        {
            throw new ShapeException($"{y.Shape} has no place in the output's shape {wanted}");
        }

        return wanted == y.Shape
            ? y
            : y.Apply(
                new Pad(wanted.Select(_ => 0).ToArray(), wanted.Zip(y.Shape, (to, from) => to - from).ToArray(), PadMode.Constant, 0)
            );
    }
}
