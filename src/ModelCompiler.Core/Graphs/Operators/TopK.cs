namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// ONNX TopK (opset 1, 10, 11, 24): the greatest or smallest elements along one dimension, best first, of equal ones the first. Outputs:
/// values, and their indices as Int64.
/// </summary>
/// <param name="Axis">The dimension that is searched.</param>
/// <param name="Count">How many are wanted.</param>
/// <param name="Smallest">Whether the smallest are looked for.</param>
public sealed record TopK(int Axis, int Count, bool Smallest) : Operator
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementwiseRules.Numbers);
        var shape = context.Shape(0);
        var best =
            Count <= shape[shape.NormaliseAxis(Axis)]
                ? shape.With(Axis, Count)
                : throw new ShapeException($"{Count} elements were asked for of dimension {Axis} of {shape}");
        return [context.Type(0) with { Shape = best }, new(ElementType.Int64, best)];
    }
}
