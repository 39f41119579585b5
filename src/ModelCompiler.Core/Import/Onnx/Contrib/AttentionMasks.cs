using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Contrib;

/// <summary>The masks of com.microsoft's attention operators, as numbers that are added to [batch, heads, length, total].</summary>
internal static class AttentionMasks
{
    private const float Filter = -10000;

    /// <summary>What the inputs and attributes of a node bar.</summary>
    /// <param name="node">The node.</param>
    /// <param name="mask">Number of the optional input that says which keys count.</param>
    /// <param name="bias">Number of the optional input that is added as it is.</param>
    /// <param name="products">What the masks are added to.</param>
    /// <param name="past">Keys before the first query.</param>
    public static IEnumerable<Term> Of(OnnxNode node, int mask, int bias, Term products, int past)
    {
        var causal = node.Int("unidirectional", 0) != 0 ? Causal(products, past) : (Term?)null;
        if (node.OptionalInput(mask) is { } given)
        {
            var counts = Counts(new Term(products.Graph, given), products.Shape, past);
            var added = counts.Choose(products.Number(0), products.Number(node.Float("mask_filter_value", Filter)));
            yield return causal?.Choose(added, products.Number(double.NegativeInfinity)) ?? added;
        }
        else if (causal is { } seen)
        {
            yield return seen.Choose(products.Number(0), products.Number(double.NegativeInfinity));
        }

        if (node.OptionalInput(bias) is { } extra)
        {
            yield return new Term(products.Graph, extra);
        }
    }

    /// <summary>0, 1, … along one of four dimensions.</summary>
    public static Term Steps(GraphBuilder graph, int count, int axis, long first = 0)
    {
        var shape = new TensorShape(1, 1, 1, 1).With(axis, count);
        return new(graph, graph.Constant(Tensor.Longs([.. Enumerable.Range(0, count).Select(i => first + i)]).Reshape(shape)));
    }

    /// <summary>Whether a query may see a key: those before it, and itself.</summary>
    private static Term Causal(Term products, int past) =>
        Steps(products.Graph, products.Shape[3], 3).With(BinaryFunction.LessOrEqual, Steps(products.Graph, products.Shape[2], 2, past));

    /// <summary>Whether keys count, by a mask in one of the forms that the operators take.</summary>
    private static Term Counts(Term mask, TensorShape products, int past)
    {
        var (batch, length, total) = (products[0], products[2], products[3]);
        switch (mask.Shape.Rank)
        {
            case 1 when mask.Shape[0] == batch || mask.Shape[0] == (3 * batch) + 2:
                return Before(mask.Slice(0, 0, batch));
            case 1 when mask.Shape[0] == 2 * batch:
                var starts = Lengths(mask.Slice(0, batch, batch));
                return Before(mask.Slice(0, 0, batch))
                    .With(BinaryFunction.And, Steps(mask.Graph, total, 3).With(BinaryFunction.GreaterOrEqual, starts));
            case 2 when mask.Shape == new TensorShape(batch, total):
                return Positive(mask.Reshape(batch, 1, 1, total));
            case 3 when mask.Shape == new TensorShape(batch, length, total):
                return Positive(mask.Reshape(batch, 1, length, total));
            case 4 when mask.Shape[2] >= past + length && mask.Shape[3] >= total:
                return Positive(mask.Slice(2, past, length).Slice(3, 0, total));
            default:
                throw new ShapeException($"a mask {mask.Shape} does not fit {length} queries and {total} keys of {batch} batches");
        }

        Term Before(Term ends) => Steps(mask.Graph, total, 3).With(BinaryFunction.Less, Lengths(ends));

        Term Lengths(Term counts) => counts.To(ElementType.Int64).Reshape(batch, 1, 1, 1);

        static Term Positive(Term numbers) => numbers.With(BinaryFunction.Greater, numbers.Number(0));
    }
}
