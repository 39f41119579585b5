namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// Matrix product of floats (ONNX MatMul and Gemm, com.microsoft FusedMatMul): clamp(alpha · op(a) · op(b) + bias), where op
/// swaps the last two dimensions or does nothing. Inputs: a [.., M, K], b [.., K, N] (often constant), optional bias [N].
/// </summary>
/// <param name="TransposeA">Whether a is [.., K, M]; a then has rank 2 or more.</param>
/// <param name="TransposeB">Whether b is [.., N, K]; b then has rank 2 or more.</param>
/// <param name="Alpha">Factor of the product, not of the bias.</param>
/// <param name="Activation">Bounds of the results.</param>
public sealed record MatMul(bool TransposeA, bool TransposeB, float Alpha, Clamp Activation) : Operator
{
    /// <summary>The plain product.</summary>
    public static MatMul Plain { get; } = new(false, false, 1, Clamp.None);

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(
            0,
            ElementType.Float32,
            ElementType.Float64,
            ElementType.Int32,
            ElementType.Int64,
            ElementType.UInt32,
            ElementType.UInt64
        );
        var element = context.RequireSameElement();
        var output = MatMulRules.OutputShape(Oriented(context.Shape(0), TransposeA), Oriented(context.Shape(1), TransposeB));
        if (context.Has(2) && (output.Rank == 0 || context.Shape(2) != new TensorShape(output[output.Rank - 1])))
        {
            throw new ShapeException($"a bias along the last dimension of {output} was expected, found {context.Shape(2)}");
        }

        return [new(element, output)];
    }

    /// <inheritdoc/>
    public override long CountMacs(IReadOnlyList<Value?> inputs, IReadOnlyList<Value> outputs)
    {
        var a = Oriented(inputs[0]!.Shape, TransposeA);
        return (long)outputs[0].Shape.Elements * a[a.Rank - 1];
    }

    /// <summary>The shape of an operand as the product sees it.</summary>
    /// <exception cref="ShapeException">A transposed operand has a rank below 2.</exception>
    public static TensorShape Oriented(TensorShape shape, bool transposed) =>
        !transposed ? shape
        : shape.Rank >= 2 ? new TensorShape([.. shape.Take(shape.Rank - 2), shape[shape.Rank - 1], shape[shape.Rank - 2]])
        : throw new ShapeException($"an operand of rank 2 or more was expected for a transposition, found {shape}");
}
