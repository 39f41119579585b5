using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Contrib;

/// <summary>GELU with what com.microsoft fuses around it.</summary>
internal static class GeluImport
{
    /// <summary>gelu(x + bias).</summary>
    public static ImmutableArray<Value> BiasGelu(OnnxNode node, GraphBuilder graph) => [Biased(node, graph).Of(UnaryFunction.Gelu).Value];

    /// <summary>The approximation by tanh of gelu(x + bias).</summary>
    public static ImmutableArray<Value> FastGelu(OnnxNode node, GraphBuilder graph) =>
        [Biased(node, graph).Of(UnaryFunction.GeluTanh).Value];

    /// <summary>Of x + bias the first half of each row, times the GELU of the second.</summary>
    public static ImmutableArray<Value> BiasSplitGelu(OnnxNode node, GraphBuilder graph)
    {
        var x = Biased(node, graph);
        var last = x.Shape.Rank - 1;
        if (last < 0 || x.Shape[last] % 2 != 0)
        {
            throw new ShapeException($"rows of an even size were expected, found {x.Shape}");
        }

        var half = x.Shape[last] / 2;
        return [(x.Slice(last, 0, half) * x.Slice(last, half, half).Of(UnaryFunction.Gelu)).Value];
    }

    private static Term Biased(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        return node.OptionalInput(1) is { } bias ? x + new Term(graph, bias) : x;
    }
}
