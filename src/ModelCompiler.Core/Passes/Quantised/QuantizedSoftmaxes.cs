using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes.Quantised;

/// <summary>DequantizeLinear → Softmax → QuantizeLinear.</summary>
internal static class QuantizedSoftmaxes
{
    public static bool Fuse(Graph graph, Node node, GraphEdit edit) =>
        QuantizedPattern.Output(node) is { } y
        && graph.OnlyConsumer(node.Input(0)) == node
        && graph.Producer(node.Input(0)) is { Operator: Softmax { Logarithm: false } softmax } source
        && QuantizedPattern.Tensor(graph, source.Input(0)) is { } x
        && x.Quantization.Element == y.Element
        && QuantizedPattern.Replace(
            node,
            edit,
            QuantizedConvolutions.Named(source, node, new QuantizedSoftmax(softmax.Axis, x.Quantization, y), x.Integers)
        );
}
