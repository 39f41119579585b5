namespace ModelCompiler.Graphs.Operators;

/// <summary>ONNX BitCast (opset 26): the same bits as elements of another type of the same size.</summary>
/// <param name="To">That type.</param>
public sealed record BitCast(ElementType To) : Operator
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        var type = context.Type(0);
        return type.Element.SizeInBytes() > 0 && type.Element.SizeInBytes() == To.SizeInBytes()
            ? [type with { Element = To }]
            : throw new ShapeException($"elements of {type} do not have the size of {To}");
    }
}
