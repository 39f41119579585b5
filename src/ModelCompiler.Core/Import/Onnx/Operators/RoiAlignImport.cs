using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

internal static class RoiAlignImport
{
    public static ImmutableArray<Value> RoiAlign(OnnxNode node, GraphBuilder graph)
    {
        var isMaximum = node.Text("mode", "avg") switch
        {
            "avg" => false,
            "max" => true,
            var other => throw node.Unsupported($"mode '{other}' is not supported; supported: avg, max"),
        };
        var isHalfPixel = node.Text("coordinate_transformation_mode", node.Opset < 16 ? "output_half_pixel" : "half_pixel") switch
        {
            "half_pixel" => true,
            "output_half_pixel" => false,
            var other => throw node.Unsupported(
                $"coordinate_transformation_mode '{other}' is not supported; supported: half_pixel, output_half_pixel"
            ),
        };
        var op = new RoiAlign(
            Size("output_height", 1, 1),
            Size("output_width", 1, 1),
            Size("sampling_ratio", 0, 0),
            node.Float("spatial_scale", 1),
            isMaximum,
            isHalfPixel
        );
        return [graph.Add(op, node.Input(0), node.Input(1), node.Input(2))];

        int Size(string attribute, int otherwise, int least) =>
            node.Int(attribute, otherwise) is var size && size >= least && size <= TensorShape.MaxElements
                ? (int)size
                : throw new ShapeException($"{attribute} is {size}");
    }
}
