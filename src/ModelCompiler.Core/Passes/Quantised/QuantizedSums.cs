using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes.Quantised;

/// <summary>DequantizeLinear twice → Add or Mul → activation → QuantizeLinear.</summary>
internal static class QuantizedSums
{
    public static bool Fuse(Graph graph, Node node, GraphEdit edit)
    {
        if (
            QuantizedPattern.End(graph, node)
                is not { Source: { Operator: Binary { Function: BinaryFunction.Add or BinaryFunction.Mul } binary } source } end
            || QuantizedPattern.Tensor(graph, source.Input(0)) is not { } a
            || QuantizedPattern.Tensor(graph, source.Input(1)) is not { } b
            || a.Quantization.Element != end.Y.Element
            || b.Quantization.Element != end.Y.Element
        )
        {
            return false;
        }

        var function = binary.Function == BinaryFunction.Add ? QuantizedFunction.Add : QuantizedFunction.Mul;
        var op = QuantizedRules.Binary(
            function,
            a.Quantization,
            b.Quantization,
            end.Y,
            a.Integers.Shape,
            b.Integers.Shape,
            out var swapped
        );
        var (left, right) = swapped ? (b, a) : (a, b);
        var fused = op with { Low = end.Low, High = end.High };
        return QuantizedPattern.Replace(node, edit, QuantizedConvolutions.Named(source, node, fused, left.Integers, right.Integers));
    }
}
