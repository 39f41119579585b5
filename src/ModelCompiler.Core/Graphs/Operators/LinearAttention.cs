namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// ONNX LinearAttention (opset 27), float32: a state S [keys, values] for each head, and for every step S ← exp(decay) · S + k ⊗ w, output
/// scale · q S, where w is v, or rate · (v − k S) of the decayed S. Inputs: queries, keys, values [batch, steps, heads · size], and, each
/// left out where there is none: the state before, decay [batch, steps, heads or heads · size], rate [batch, steps, heads or 1].
/// Outputs: [batch, steps, query heads · size] and the state behind.
/// </summary>
/// <param name="QueryHeads">Heads of the queries; a multiple of those of keys and values.</param>
/// <param name="Heads">Heads of keys and values.</param>
/// <param name="Scale">Factor of the output.</param>
public sealed record LinearAttention(int QueryHeads, int Heads, float Scale) : Operator
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        for (var i = 0; i < context.Count; i++)
        {
            if (context.Has(i))
            {
                context.Require(i, ElementType.Float32);
            }
        }

        var (q, k, v) = (context.Shape(0), context.Shape(1), context.Shape(2));
        if (QueryHeads < 1 || Heads < 1 || QueryHeads % Heads != 0)
        {
            throw new ShapeException($"{QueryHeads} heads of the query do not divide by {Heads} heads of keys and values");
        }

        var fits = q.Rank == 3 && k.Rank == 3 && v.Rank == 3 && k[2] % Heads == 0 && v[2] % Heads == 0;
        if (!fits || q != new TensorShape(k[0], k[1], k[2] / Heads * QueryHeads) || v[0] != k[0] || v[1] != k[1])
        {
            throw new ShapeException($"queries {q}, keys {k} and values {v} do not fit {QueryHeads} and {Heads} heads");
        }

        var state = new TensorShape(k[0], Heads, k[2] / Heads, v[2] / Heads);
        Check(context, 3, state);
        Check(context, 4, k, k.With(2, Heads));
        Check(context, 5, k.With(2, Heads), k.With(2, 1));
        return [context.Type(0) with { Shape = v.With(2, v[2] / Heads * QueryHeads) }, context.Type(0) with { Shape = state }];
    }

    /// <inheritdoc/>
    public override long CountMacs(IReadOnlyList<Value?> inputs, IReadOnlyList<Value> outputs)
    {
        var (steps, state) = (inputs[1]!.Shape[1], (long)outputs[1].Shape.Elements);
        return steps * state * (1 + (QueryHeads / Heads) + (inputs.Count > 5 && inputs[5] is not null ? 1 : 0));
    }

    private static void Check(InferenceContext context, int input, params TensorShape[] wanted)
    {
        if (context.Has(input) && !wanted.Contains(context.Shape(input)))
        {
            throw new ShapeException($"input {input} is {context.Shape(input)}; expected was {string.Join<TensorShape>(" or ", wanted)}");
        }
    }
}
