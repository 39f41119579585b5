namespace ModelCompiler.Graphs.Operators;

/// <summary>The inverses of square matrices [.., n, n] (com.microsoft Inverse). Of a singular matrix the result is not finite.</summary>
public sealed record MatrixInverse : Operator
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Float32, ElementType.Float64);
        var shape = context.Shape(0);
        return shape.Rank >= 2 && shape[shape.Rank - 1] == shape[shape.Rank - 2]
            ? [context.Type(0)]
            : throw new ShapeException($"square matrices were expected, found {shape}");
    }
}
