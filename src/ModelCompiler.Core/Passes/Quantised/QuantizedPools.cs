using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes.Quantised;

/// <summary>DequantizeLinear → AveragePool or GlobalAveragePool → activation → QuantizeLinear.</summary>
internal static class QuantizedPools
{
    public static bool Fuse(Graph graph, Node node, GraphEdit edit)
    {
        if (
            QuantizedPattern.End(graph, node) is not { Source: { Operator: AveragePool or GlobalAveragePool } source } end
            || QuantizedPattern.Tensor(graph, source.Input(0)) is not { } x
            || x.Quantization.Element != end.Y.Element
        )
        {
            return false;
        }

        Operator? op = source.Operator switch
        {
            // Ceil mode and dilation have no quantised operator in ONNX Runtime.
            AveragePool pool when pool.Window.Dilations.All(d => d == 1) && pool.UncountedEnd.All(u => u == 0) => new QuantizedAveragePool(
                pool.Window,
                pool.CountIncludePad,
                pool.Layout,
                x.Quantization,
                end.Y,
                end.Low,
                end.High,
                end.Y.Element
            ),
            GlobalAveragePool pool => new QuantizedGlobalAveragePool(pool.Layout, x.Quantization, end.Y, end.Low, end.High),
            _ => null,
        };
        return op is not null && QuantizedPattern.Replace(node, edit, QuantizedConvolutions.Named(source, node, op, x.Integers));
    }
}
