using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Contrib;

/// <summary>The first layer of BERT: embeddings of words, positions and segments, summed and normalised.</summary>
internal static class EmbedNormalizationImport
{
    /// <summary>
    /// Inputs: words, optional segments, three tables, gamma, beta, optional mask, optional positions. Outputs: normalised sum,
    /// lengths by the mask, sum.
    /// </summary>
    public static ImmutableArray<Value> Float(OnnxNode node, GraphBuilder graph) =>
        Embedded(
            node,
            graph,
            new(node.Input(2), node.Input(3), node.OptionalInput(4), node.Input(5), node.Input(6)),
            node.OptionalInput(7),
            node.OptionalInput(8)
        );

    /// <summary>The same with quantised tables, gamma and beta, whose scales and zero points are inputs 8 to 17.</summary>
    public static ImmutableArray<Value> Quantised(OnnxNode node, GraphBuilder graph)
    {
        Value Real(int input, int place) =>
            graph.Add(new DequantizeLinear(null), node.Input(input), node.Input(8 + place), node.OptionalInput(13 + place));
        var segments = node.HasInput(4) ? Real(4, 2) : null;
        return Embedded(node, graph, new(Real(2, 0), Real(3, 1), segments, Real(5, 3), Real(6, 4)), node.OptionalInput(7), null);
    }

    private static ImmutableArray<Value> Embedded(OnnxNode node, GraphBuilder graph, Tables tables, Value? mask, Value? positions)
    {
        var words = node.Input(0);
        if (words.Shape.Rank != 2)
        {
            throw new ShapeException($"rows of words were expected, found {words.Shape}");
        }

        var (batch, length) = (words.Shape[0], words.Shape[1]);
        positions ??= graph.Constant(Tensor.Longs([.. Enumerable.Range(0, length).Select(i => (long)i)]));
        var sum = Picked(tables.Words, words) + Picked(tables.Positions, positions);
        if (node.OptionalInput(1) is { } segments && tables.Segments is not null)
        {
            sum += Picked(tables.Segments, segments);
        }

        var op = new LayerNormalization(2, node.Float("epsilon", SkipNormalizationImport.Epsilon));
        var lengths = mask is null
            ? new Term(graph, graph.Constant(Tensor.FromBytes(new(ElementType.Int32, new(batch)), new byte[batch * sizeof(int)])))
            : new Term(graph, mask).Apply(new Reduce(ReduceFunction.Sum, (int[])[1], KeepDims: false));
        return [sum.Apply(op, tables.Gamma, tables.Beta).Value, lengths.Value, sum.Value];

        Term Picked(Value table, Value indices) => new Term(graph, table).Apply(new Gather(0), indices);
    }

    private sealed record Tables(Value Words, Value Positions, Value? Segments, Value Gamma, Value Beta);
}
