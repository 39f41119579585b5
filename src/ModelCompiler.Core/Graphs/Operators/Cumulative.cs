namespace ModelCompiler.Graphs.Operators;

/// <summary>ONNX CumSum (opset 11, 14) and CumProd (opset 26): the sum or product of all elements up to each, along one dimension.</summary>
/// <param name="Function">Sum or Prod.</param>
/// <param name="Axis">The dimension that is walked along.</param>
/// <param name="Exclusive">Whether an element itself does not count.</param>
/// <param name="Reverse">Whether the walk begins at the end.</param>
public sealed record Cumulative(ReduceFunction Function, int Axis, bool Exclusive, bool Reverse) : Operator, ILayoutAgnostic
{
    /// <inheritdoc/>
    public override string Name => "Cum" + Function;

    /// <inheritdoc/>
    public PermutedOperator WithPermutedAxes(EquatableArray<int> permutation) => new(this with { Axis = permutation[Axis] }, permutation);

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
        context.Shape(0).NormaliseAxis(Axis);
        return [context.Type(0)];
    }
}
