namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// ONNX OneHot (opset 9, 11): a new dimension that holds one value where the index points and another elsewhere. Inputs: indices
/// (integers or floats; negative ones count from the end, those outside point nowhere) and the two values [off, on].
/// </summary>
/// <param name="Axis">Where the new dimension stands in the output.</param>
/// <param name="Depth">Its size.</param>
public sealed record OneHot(int Axis, int Depth) : Operator
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        var shape = context.Shape(0);
        if (context.Shape(1).Elements != 2)
        {
            throw new ShapeException($"two values were expected, off and on, found {context.Type(1)}");
        }

        TensorShape.NormaliseAxis(Axis, shape.Rank + 1);
        return [new(context.Element(1), new([.. shape.Take(Axis), Depth, .. shape.Skip(Axis)]))];
    }
}
