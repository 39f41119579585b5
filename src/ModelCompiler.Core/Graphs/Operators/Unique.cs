namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// ONNX Unique (opset 11) along one dimension: its parts without repetitions. Outputs: the parts; where each occurs first; for each
/// part of the input which of them it is; how often each occurs (these three Int64 vectors); and how many there are.
/// </summary>
/// <param name="Axis">The dimension whose parts are compared.</param>
/// <param name="IsSorted">Whether they come in ascending order; otherwise in the order in which they occur.</param>
public sealed record Unique(int Axis, bool IsSorted) : Operator, IRunTimeSized
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementwiseRules.All);
        var shape = context.Shape(0);
        var indices = new TensorType(ElementType.Int64, new(shape[shape.NormaliseAxis(Axis)]));
        return [context.Type(0), indices, indices, indices, new(ElementType.Int32, TensorShape.Scalar)];
    }

    int? IRunTimeSized.RunTimeAxis(int output) =>
        output switch
        {
            0 => Axis,
            2 => null,
            _ => 0,
        };
}
