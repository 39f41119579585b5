using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>QLinearConv and ConvInteger.</summary>
internal static class QLinearConvImport
{
    public static ImmutableArray<Value> QLinearConv(OnnxNode node, GraphBuilder graph)
    {
        var (x, w) = (node.Input(0), node.Input(3));
        if (w.Constant is null || !QuantizationImport.AreConstant(node, 1, 2, 4, 5, 6, 7))
        {
            return [AtRunTime(node, graph)];
        }

        var input = QuantizationImport.PerTensor(node, 1, 2, x.Element, "x");
        var weights = QuantizationImport.Grid(node, 4, 5, w.Element, 0, "w");
        CheckChannels(weights, w.Shape);
        var output = QuantizationImport.OfOutput(node, 6, 7, x.Element);
        var conv = new QuantizedConv(
            WindowImport.OfConvolution(node, x.Shape, w.Shape),
            Group(node),
            DataLayout.ChannelsFirst,
            input.ZeroPoint,
            weights.ZeroPoints,
            QuantizationImport.Requantization(input.Scale, weights.Scales, output)
        );
        return [graph.Add(conv, x, w, node.OptionalInput(8))];
    }

    public static ImmutableArray<Value> ConvInteger(OnnxNode node, GraphBuilder graph)
    {
        var (x, w) = (node.Input(0), node.Input(1));
        if (w.Constant is null || !QuantizationImport.AreConstant(node, 2, 3))
        {
            return [IntegerArithmetic.Conv(node, graph, 0, 2, 1, 3, Group(node))];
        }

        var xZero = QuantizationImport.ZeroPoints(node, 2, x.Element, "x");
        var wZero = QuantizationImport.ZeroPoints(node, 3, w.Element, "w");
        if (xZero.Length > 1 || (wZero.Length > 1 && wZero.Length != w.Shape[0]))
        {
            throw node.Unsupported(
                $"{xZero.Length} zero points of x and {wZero.Length} of w; supported: one of x, one or {w.Shape[0]} of w"
            );
        }

        var conv = new QuantizedConv(
            WindowImport.OfConvolution(node, x.Shape, w.Shape),
            Group(node),
            DataLayout.ChannelsFirst,
            xZero.Length == 0 ? 0 : xZero[0],
            wZero.Length == 0 ? [0] : wZero,
            null
        );
        return [graph.Add(conv, x, w)];
    }

    /// <summary>QLinearConv whose weights, scales or zero points are computed at run time.</summary>
    private static Value AtRunTime(OnnxNode node, GraphBuilder graph)
    {
        var sums = IntegerArithmetic.Conv(node, graph, 0, 2, 3, 5, Group(node));
        var rank = sums.Shape.Rank - 1;
        if (node.OptionalInput(8) is { } bias)
        {
            var along = graph.Add(new Reshape(IntegerArithmetic.AlongFirst(bias.Shape.Elements, rank)), bias);
            sums = graph.Add(new Binary(BinaryFunction.Add), sums, along);
        }

        var scales = node.Input(4);
        var channels =
            scales.Shape.Elements == 1 ? scales : graph.Add(new Reshape(IntegerArithmetic.AlongFirst(scales.Shape.Elements, rank)), scales);
        return IntegerArithmetic.Requantize(node, graph, sums, node.Input(1), channels, 6, node.Input(0).Element);
    }

    private static int Group(OnnxNode node) =>
        node.Int("group", 1) is >= 1 and <= TensorShape.MaxElements and var group
            ? (int)group
            : throw new ShapeException($"group is {node.Int("group", 1)}, it must be at least 1");

    private static void CheckChannels(QuantizationGrid weights, TensorShape w) => QuantizationRules.Check(w, 0, 0, weights.Scales.Count);
}
