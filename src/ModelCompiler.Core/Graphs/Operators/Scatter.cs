namespace ModelCompiler.Graphs.Operators;

/// <summary>What an update does to the element that it meets.</summary>
public enum ScatterReduction
{
    /// <summary>It replaces it.</summary>
    None,

    /// <summary>It is added.</summary>
    Add,

    /// <summary>It is multiplied with it.</summary>
    Mul,

    /// <summary>The smaller one stays.</summary>
    Min,

    /// <summary>The greater one stays.</summary>
    Max,
}

/// <summary>
/// ONNX ScatterElements (opset 11, 13, 16, 18) and Scatter (opset 9): a copy of the data with single elements updated, each at its own
/// place but for one dimension, where the index says which. Inputs: data, indices (Int32 or Int64, negative ones count from the end),
/// updates of the shape of the indices. They come one after the other.
/// </summary>
/// <param name="Axis">The dimension that the indices walk over.</param>
/// <param name="Reduction">What an update does.</param>
public sealed record ScatterElements(int Axis, ScatterReduction Reduction) : Operator
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        ScatterRules.Require(context, Reduction);
        var (data, indices, updates) = (context.Shape(0), context.Shape(1), context.Shape(2));
        data.NormaliseAxis(Axis);
        return
            indices == updates
            && indices.Rank == data.Rank
            && Enumerable.Range(0, data.Rank).All(axis => axis == Axis || indices[axis] <= data[axis])
            ? [context.Type(0)]
            : throw new ShapeException($"indices {indices} and updates {updates} do not fit data {data}");
    }
}

/// <summary>
/// ONNX ScatterND (opset 11, 13, 16, 18): a copy of the data with slices updated that tuples of indices name, which are the last
/// dimension of input 1 (Int64 or Int32, negative ones count from the end). Inputs: data, indices, updates.
/// </summary>
/// <param name="Reduction">What an update does.</param>
public sealed record ScatterND(ScatterReduction Reduction) : Operator
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        ScatterRules.Require(context, Reduction);
        var (data, indices, updates) = (context.Shape(0), context.Shape(1), context.Shape(2));
        var tuple = indices.Rank > 0 ? indices[indices.Rank - 1] : 0;
        return tuple > 0 && tuple <= data.Rank && updates == new TensorShape([.. indices.Take(indices.Rank - 1), .. data.Skip(tuple)])
            ? [context.Type(0)]
            : throw new ShapeException($"indices {indices} and updates {updates} do not fit data {data}");
    }
}

/// <summary>Rules that scatters share.</summary>
internal static class ScatterRules
{
    public static void Require(InferenceContext context, ScatterReduction reduction)
    {
        context.Require(0, reduction == ScatterReduction.None ? ElementwiseRules.Held : ElementwiseRules.Numbers);
        context.Require(1, ElementType.Int32, ElementType.Int64);
        if (context.Element(2) != context.Element(0))
        {
            throw new ShapeException($"input 0 is {context.Type(0)} but input 2 is {context.Type(2)}; both must have one element type");
        }
    }
}
