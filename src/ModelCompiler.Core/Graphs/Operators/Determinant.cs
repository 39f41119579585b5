namespace ModelCompiler.Graphs.Operators;

/// <summary>ONNX Det (opset 11, 22): the determinants of the matrices in the last two dimensions.</summary>
public sealed record Determinant : Operator
{
    /// <inheritdoc/>
    public override string Name => "Det";

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Float32, ElementType.Float64);
        var shape = context.Shape(0);
        return shape.Rank >= 2 && shape[shape.Rank - 1] == shape[shape.Rank - 2]
            ? [context.Type(0) with { Shape = new(shape.Take(shape.Rank - 2)) }]
            : throw new ShapeException($"square matrices were expected, found {shape}");
    }
}
