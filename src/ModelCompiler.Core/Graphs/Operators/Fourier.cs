namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// ONNX DFT (opset 17, 20): the discrete Fourier transform along one dimension. The last dimension is 1 (real) or 2 (real and
/// imaginary part) of the input, 2 of the output; the output of an inverse one-sided transform is real.
/// </summary>
/// <param name="Axis">The dimension; not the last.</param>
/// <param name="Length">Number of points: the signal is cut off, or filled up with zeros.</param>
/// <param name="IsInverse">Whether a signal is made of its spectrum.</param>
/// <param name="IsOneSided">Whether only that half of the spectrum is written, or read, that says all about a real signal.</param>
public sealed record Fourier(int Axis, int Length, bool IsInverse, bool IsOneSided) : Operator
{
    /// <inheritdoc/>
    public override string Name => "DFT";

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Float32, ElementType.Float64);
        var shape = context.Shape(0);
        var isReal = IsInverse && IsOneSided;
        if (
            shape.Rank < 2
            || Axis >= shape.Rank - 1
            || shape[shape.Rank - 1] is var parts && (parts is < 1 or > 2 || (isReal && parts == 1))
        )
        {
            throw new ShapeException(
                $"{shape} has no complex numbers along dimension {Axis}, or too many parts of them in its last dimension"
            );
        }

        var points = IsOneSided && !IsInverse ? (Length / 2) + 1 : Length;
        return [context.Type(0) with { Shape = shape.With(Axis, points).With(shape.Rank - 1, isReal ? 1 : 2) }];
    }
}
