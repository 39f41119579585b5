namespace ModelCompiler.Graphs.Operators;

/// <summary>ONNX Transpose (opset 1, 13): output dimension i is input dimension Permutation[i].</summary>
/// <param name="Permutation">Each of 0 … rank − 1 once.</param>
public sealed record Transpose(EquatableArray<int> Permutation) : Operator
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        var shape = context.Shape(0);
        return Permutation.OrderBy(axis => axis).SequenceEqual(Enumerable.Range(0, shape.Rank))
            ? [context.Type(0) with { Shape = new TensorShape(Permutation.Select(axis => shape[axis])) }]
            : throw new ShapeException($"{Permutation} is no permutation of the dimensions of {shape}");
    }
}
