namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// ONNX Gather (opset 1, 11, 13): slices of one dimension picked by indices. Inputs: data, indices (Int32 or Int64, negative ones
/// count from the end). An index outside of the dimension is an error at run time.
/// </summary>
/// <param name="Axis">The dimension that the indices walk over.</param>
public sealed record Gather(int Axis) : Operator
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(1, ElementType.Int32, ElementType.Int64);
        var shape = context.Shape(0);
        TensorShape.NormaliseAxis(Axis, shape.Rank);
        return [context.Type(0) with { Shape = new([.. shape.Take(Axis), .. context.Shape(1), .. shape.Skip(Axis + 1)]) }];
    }
}
