using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>softmax(softcap(scale · Q Kᵀ) + masks) V, which all attention operators have in common.</summary>
/// <param name="Output">[batch, heads, length, size of values].</param>
/// <param name="Products">scale · Q Kᵀ as [batch, heads, length, total].</param>
/// <param name="Capped">The products after the cap.</param>
/// <param name="Masked">These with all masks added.</param>
/// <param name="Probabilities">Their softmax.</param>
internal sealed record ScaledAttention(Term Output, Term Products, Term Capped, Term Masked, Term Probabilities)
{
    /// <summary>The output as [batch, length, heads · size of values].</summary>
    public Term ByPosition => Output.Transpose(0, 2, 1, 3).Reshape(Output.Shape[0], Output.Shape[2], Output.Shape[1] * Output.Shape[3]);

    /// <summary>Attends.</summary>
    /// <param name="query">[batch, heads, length, size].</param>
    /// <param name="key">[batch, groups, total, size]; heads divide by groups, heads of one group share keys.</param>
    /// <param name="value">[batch, groups, total, size of values].</param>
    /// <param name="scale">Factor of the products.</param>
    /// <param name="cap">Bound that the products approach; 0 for none.</param>
    /// <param name="masks">Makes of the products what is added to them.</param>
    /// <param name="sink">A logit [1, heads, 1, 1] that takes its share of the softmax and attends to nothing.</param>
    public static ScaledAttention Of(
        Term query,
        Term key,
        Term value,
        float scale,
        float cap,
        Func<Term, IEnumerable<Term>> masks,
        Term? sink = null
    )
    {
        var (batch, heads, length, size) = (query.Shape[0], query.Shape[1], query.Shape[2], query.Shape[3]);
        var (groups, total) = (key.Shape[1], key.Shape[2]);
        if (groups == 0 || heads % groups != 0)
        {
            throw new ShapeException($"{heads} heads of the query do not divide by {groups} heads of keys and values");
        }

        // Heads that share keys are rows of one matrix product: nothing is repeated.
        var rows = query.Reshape(batch, groups, heads / groups * length, size);
        var products = rows.Apply(new MatMul(false, true, scale, Clamp.None), key.Value).Reshape(batch, heads, length, total);
        var capped = cap > 0 ? (products / cap).Of(UnaryFunction.Tanh) * cap : products;
        var masked = masks(capped).Aggregate(capped, (sum, mask) => sum + mask);
        var probabilities = Softmax(masked, sink);
        var attended = probabilities.Reshape(batch, groups, heads / groups * length, total).Apply(MatMul.Plain, value.Value);
        return new(attended.Reshape(batch, heads, length, value.Shape[3]), products, capped, masked, probabilities);
    }

    private static Term Softmax(Term logits, Term? sink)
    {
        if (sink is not { } extra)
        {
            return logits.Apply(new Softmax(3));
        }

        var total = logits.Shape[3];
        var column = extra.Apply(new Expand(logits.Shape.With(3, 1)));
        return logits.Apply(new Concat(3), column.Value).Apply(new Softmax(3)).Slice(3, 0, total);
    }
}
