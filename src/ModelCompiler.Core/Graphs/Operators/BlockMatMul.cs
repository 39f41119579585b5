namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// Product of floats with weights of a few bits (com.microsoft MatMulNBits): weight[n, k] = (code − zero point) · scale, where
/// blocks along k share zero point and scale. Inputs: a [.., K] (Float32), and constants: codes [N, blocks · block] (UInt8, one a
/// byte), scales and zero points [N, blocks] (Float32), optional bias [N] (Float32). Output: [.., N].
/// </summary>
/// <param name="Bits">Bits of a code: 4 or 8.</param>
/// <param name="Block">Weights of a block; a multiple of <see cref="Chunk"/>.</param>
public sealed record BlockMatMul(int Bits, int Block) : Operator
{
    /// <summary>Blocks consist of whole chunks of this many weights.</summary>
    public const int Chunk = 32;

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Float32);
        var (a, codes, scales) = (context.Shape(0), context.Shape(1), context.Shape(2));
        var fits =
            a.Rank > 0
            && codes.Rank == 2
            && scales == new TensorShape(codes[0], (a[a.Rank - 1] + Block - 1) / Block)
            && scales == context.Shape(3)
            && codes[1] == scales[1] * Block
            && (!context.Has(4) || context.Shape(4) == new TensorShape(codes[0]));
        return fits
            ? [new(ElementType.Float32, a.With(a.Rank - 1, codes[0]))]
            : throw new ShapeException($"weights {codes} in blocks of {Block} with scales {scales} do not fit {a}");
    }

    /// <inheritdoc/>
    public override long CountMacs(IReadOnlyList<Value?> inputs, IReadOnlyList<Value> outputs) =>
        (long)outputs[0].Shape.Elements * inputs[0]!.Shape[inputs[0]!.Shape.Rank - 1];
}
