using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>MatMul, Gemm and FusedMatMul.</summary>
internal static class MatMulImport
{
    public static ImmutableArray<Value> MatMul(OnnxNode node, GraphBuilder graph) =>
        [graph.Add(Graphs.Operators.MatMul.Plain, node.Input(0), node.Input(1))];

    /// <summary>
    /// alpha · op(A) · op(B), where transBatch moves the first dimension behind the other leading ones, and trans then swaps the last two.
    /// ONNX Runtime leaves a vector as it is.
    /// </summary>
    public static ImmutableArray<Value> FusedMatMul(OnnxNode node, GraphBuilder graph)
    {
        var (a, b) = (Batched(node, graph, 0, "transBatchA"), Batched(node, graph, 1, "transBatchB"));
        var op = new MatMul(
            node.Int("transA", 0) != 0 && a.Shape.Rank > 1,
            node.Int("transB", 0) != 0 && b.Shape.Rank > 1,
            node.Float("alpha", 1),
            Clamp.None
        );
        return [graph.Add(op, a, b)];
    }

    private static Value Batched(OnnxNode node, GraphBuilder graph, int input, string attribute)
    {
        var value = node.Input(input);
        var rank = value.Shape.Rank;
        return node.Int(attribute, 0) == 0 || rank < 3
            ? value
            : graph.Add(new Transpose((int[])[.. Enumerable.Range(1, rank - 2), 0, rank - 1]), value);
    }
}
