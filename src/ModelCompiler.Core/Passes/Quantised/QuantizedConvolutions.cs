using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes.Quantised;

/// <summary>Convolutions of dequantised integers.</summary>
internal static class QuantizedConvolutions
{
    private const int ChannelAxis = 1;

    /// <summary>DequantizeLinear → Conv → activation → QuantizeLinear.</summary>
    public static bool Fuse(Graph graph, Node node, GraphEdit edit)
    {
        if (
            QuantizedPattern.End(graph, node) is not { Source: { Operator: Conv conv } source } end
            || Operands(graph, source) is not { } operands
        )
        {
            return false;
        }

        var (x, w, bias) = operands;
        var requantization = end.Within(conv.Activation).Requantization(x.Quantization.Scale, w.Grid.Scales);
        var op = new QuantizedConv(conv.Window, conv.Group, conv.Layout, x.Quantization.ZeroPoint, w.Grid.ZeroPoints, requantization);
        return QuantizedPattern.Replace(node, edit, Named(source, node, op, x.Integers, w.Integers, bias));
    }

    /// <summary>DequantizeLinear → Conv whose result stays float: the accumulators are dequantised.</summary>
    public static bool ToFloat(Graph graph, Node node, GraphEdit edit)
    {
        if (node.Operator is not Conv { Layout: DataLayout.ChannelsFirst } conv || Operands(graph, node) is not { } operands)
        {
            return false;
        }

        var (x, w, bias) = operands;
        var sums = GraphEdit.NewNode(
            node,
            new QuantizedConv(conv.Window, conv.Group, conv.Layout, x.Quantization.ZeroPoint, w.Grid.ZeroPoints, null),
            x.Integers,
            w.Integers,
            bias
        );
        return QuantizedPattern.Replace(node, edit, AccumulatorsToFloat(node, sums, x, w, ChannelAxis, conv.Activation));
    }

    /// <summary>The nodes that make reals of the accumulators of a product.</summary>
    public static Node[] AccumulatorsToFloat(Node node, Node sums, QuantizedTensor x, QuantizedWeights w, int axis, Clamp activation)
    {
        var scales = w.Grid.Scales.Select(scale => (float)(x.Quantization.Scale * scale)).ToArray();
        var reals = GraphEdit.NewNode(node, new DequantizeLinear(new QuantizationGrid(scales, new int[scales.Length], axis)), sums.Output);
        return activation == Clamp.None
            ? [sums, reals]
            : [sums, reals, GraphEdit.NewNode(node, new Unary(UnaryFunction.Clip, activation.Low, activation.High), reals.Output)];
    }

    /// <summary>A node named after the operator that it computes, with the value name of the QuantizeLinear that it replaces.</summary>
    public static Node Named(Node source, Node quantize, Operator op, params Value?[] inputs)
    {
        var node = GraphEdit.NewNode(quantize, op, inputs);
        return new Node(source.Name, node.Operator, node.Inputs, node.Outputs);
    }

    private static (QuantizedTensor X, QuantizedWeights W, Value? Bias)? Operands(Graph graph, Node conv)
    {
        if (
            QuantizedPattern.Tensor(graph, conv.Input(0)) is not { } x
            || QuantizedPattern.Weights(graph, conv.Input(1)) is not { } w
            || !(w.Grid.IsPerTensor || w.Grid.Axis == 0)
        )
        {
            return null;
        }

        var bias = conv.HasInput(2) ? conv.Input(2) : null;
        return QuantizedPattern.TryBias(graph, bias, x.Quantization.Scale, w.Grid, w.Integers.Shape[0], conv.Name, out var integers)
            ? (x, w, integers)
            : null;
    }
}
