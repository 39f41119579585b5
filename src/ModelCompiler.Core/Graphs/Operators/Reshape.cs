namespace ModelCompiler.Graphs.Operators;

/// <summary>The same elements under another shape: ONNX Reshape, Flatten, Squeeze, Unsqueeze and Identity.</summary>
/// <param name="Shape">Shape of the output, every size known.</param>
public sealed record Reshape(TensorShape Shape) : Operator
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context) =>
        context.Shape(0).Elements == Shape.Elements
            ? [context.Type(0) with { Shape = Shape }]
            : throw new ShapeException($"{context.Type(0)} has {context.Shape(0).Elements} elements, {Shape} needs {Shape.Elements}");
}
