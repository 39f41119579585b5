namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// (x − mean)/√(variance + ε) · scale + bias, mean and variance over the last dimensions (ONNX LayerNormalization).
/// Inputs: x, optional scale, optional bias; both broadcast to the normalised dimensions.
/// </summary>
/// <param name="Axis">The first normalised dimension.</param>
/// <param name="Epsilon">ε.</param>
/// <param name="SubtractMean">False for RMSNormalization, which takes the mean for 0.</param>
public sealed record LayerNormalization(int Axis, float Epsilon, bool SubtractMean = true) : Operator, ILayoutAgnostic
{
    /// <inheritdoc/>
    public override string Name => SubtractMean ? "LayerNormalization" : "RMSNormalization";

    /// <inheritdoc/>
    public PermutedOperator? WithPermutedAxes(EquatableArray<int> permutation) =>
        permutation.Skip(Axis).SequenceEqual(Enumerable.Range(Axis, permutation.Count - Axis)) ? new(this, permutation, Inputs: 1) : null;

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Float32, ElementType.Float64);
        context.RequireSameElement();
        var shape = context.Shape(0);
        var normalised = new TensorShape(shape.Skip(shape.NormaliseAxis(Axis)));
        for (var i = 1; i < 3; i++)
        {
            if (context.Has(i) && TensorShape.Broadcast(context.Shape(i), normalised) != normalised)
            {
                throw new ShapeException($"input {i} {context.Shape(i)} does not broadcast to the normalised dimensions {normalised}");
            }
        }

        return [context.Type(0)];
    }
}
