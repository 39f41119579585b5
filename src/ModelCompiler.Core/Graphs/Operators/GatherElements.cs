namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// ONNX GatherElements (opset 11, 13): every output element is taken from the same place of the data, but for one dimension, where
/// the index says which. Inputs: data, indices (Int32 or Int64, negative ones count from the end).
/// </summary>
/// <param name="Axis">The dimension that the indices walk over.</param>
public sealed record GatherElements(int Axis) : Operator
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(1, ElementType.Int32, ElementType.Int64);
        var (data, indices) = (context.Shape(0), context.Shape(1));
        TensorShape.NormaliseAxis(Axis, data.Rank);
        return indices.Rank == data.Rank && Enumerable.Range(0, data.Rank).All(axis => axis == Axis || indices[axis] <= data[axis])
            ? [context.Type(0) with { Shape = indices }]
            : throw new ShapeException($"indices {indices} do not fit data {data}");
    }
}

/// <summary>
/// ONNX GatherND (opset 11, 12, 13): slices of the data picked by tuples of indices, which are the last dimension of input 1
/// (Int64 or Int32, negative ones count from the end).
/// </summary>
/// <param name="BatchDimensions">Leading dimensions that data and indices share.</param>
public sealed record GatherND(int BatchDimensions) : Operator
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(1, ElementType.Int32, ElementType.Int64);
        var (data, indices) = (context.Shape(0), context.Shape(1));
        var tuple = indices.Rank > 0 ? indices[indices.Rank - 1] : 0;
        if (
            indices.Rank <= BatchDimensions
            || tuple == 0
            || BatchDimensions + tuple > data.Rank
            || !data.Take(BatchDimensions).SequenceEqual(indices.Take(BatchDimensions))
        )
        {
            throw new ShapeException($"indices {indices} do not fit data {data} with {BatchDimensions} shared dimensions");
        }

        return [context.Type(0) with { Shape = new([.. indices.Take(indices.Rank - 1), .. data.Skip(BatchDimensions + tuple)]) }];
    }
}
