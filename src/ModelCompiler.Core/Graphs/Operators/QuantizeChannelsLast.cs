namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// QuantizeLinear to 8 bits of an image whose channels are planes, with the integers channels last: x [N, C, …] → y [N, …, C]. An
/// operator of the compiler's own.
/// </summary>
/// <param name="Y">Quantisation of the result.</param>
public sealed record QuantizeChannelsLast(Quantization Y) : Operator
{
    /// <summary>The transposition that it includes.</summary>
    public static Transpose Transposition(int rank) => new((int[])[0, .. Enumerable.Range(2, rank - 2), 1]);

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Float32);
        var type = Transposition(context.Shape(0).Rank).Infer(context)[0];
        return [type with { Element = Y.Element }];
    }
}
