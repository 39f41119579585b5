namespace ModelCompiler.Graphs.Operators;

/// <summary>exp(x − max) divided by its sum along one dimension (ONNX Softmax from opset 13).</summary>
/// <param name="Axis">The dimension that sums to 1.</param>
/// <param name="Logarithm">Whether the logarithm of that is wanted (LogSoftmax).</param>
public sealed record Softmax(int Axis, bool Logarithm = false) : Operator, ILayoutAgnostic
{
    /// <inheritdoc/>
    public override string Name => Logarithm ? "LogSoftmax" : "Softmax";

    /// <inheritdoc/>
    public PermutedOperator WithPermutedAxes(EquatableArray<int> permutation) => new(this with { Axis = permutation[Axis] }, permutation);

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Float32, ElementType.Float64);
        context.Shape(0).NormaliseAxis(Axis);
        return [context.Type(0)];
    }
}
