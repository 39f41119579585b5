namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// ONNX NonZero (opset 9, 13): the coordinates of all elements that are not zero, one row a dimension of the input; a scalar counts
/// as a vector. Outputs: the coordinates (Int64), and how many there are.
/// </summary>
public sealed record NonZero : Operator, IRunTimeSized
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementwiseRules.All);
        var shape = context.Shape(0);
        return [new(ElementType.Int64, new(Math.Max(shape.Rank, 1), shape.Elements)), new(ElementType.Int32, TensorShape.Scalar)];
    }

    int? IRunTimeSized.RunTimeAxis(int output) => 1;
}
