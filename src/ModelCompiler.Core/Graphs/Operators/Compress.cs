namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// ONNX Compress (opset 9, 11) along one dimension: the parts for which a condition holds. Inputs: data, conditions (Bool, at most
/// as many as the dimension has parts). Outputs: the parts, and how many there are.
/// </summary>
/// <param name="Axis">The dimension.</param>
public sealed record Compress(int Axis) : Operator, IRunTimeSized
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(1, ElementType.Bool);
        var (shape, conditions) = (context.Shape(0), context.Shape(1));
        var size = shape[shape.NormaliseAxis(Axis)];
        return conditions.Rank == 1
            ? [context.Type(0) with { Shape = shape.With(Axis, Math.Min(size, conditions[0])) }, new(ElementType.Int32, TensorShape.Scalar)]
            : throw new ShapeException($"the conditions are {conditions}; a vector was expected");
    }

    int? IRunTimeSized.RunTimeAxis(int output) => Axis;
}
