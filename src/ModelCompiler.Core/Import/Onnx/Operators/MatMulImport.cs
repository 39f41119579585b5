using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>MatMul, Gemm and FusedMatMul.</summary>
internal static class MatMulImport
{
    public static ImmutableArray<Value> MatMul(OnnxNode node, GraphBuilder graph) =>
        [graph.Add(Graphs.Operators.MatMul.Plain, node.Input(0), node.Input(1))];

    public static ImmutableArray<Value> FusedMatMul(OnnxNode node, GraphBuilder graph)
    {
        if (node.Int("transBatchA", 0) != 0 || node.Int("transBatchB", 0) != 0)
        {
            throw node.Unsupported("transBatchA and transBatchB of 1 are not supported; supported: 0");
        }

        // ONNX Runtime leaves a vector as it is.
        var op = new MatMul(
            node.Int("transA", 0) != 0 && node.Input(0).Shape.Rank > 1,
            node.Int("transB", 0) != 0 && node.Input(1).Shape.Rank > 1,
            node.Float("alpha", 1),
            Clamp.None
        );
        return [graph.Add(op, node.Input(0), node.Input(1))];
    }
}
