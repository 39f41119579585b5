namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// ONNX BatchNormalization at inference: (x − mean) / sqrt(variance + epsilon) · scale + bias.
/// Inputs: x [N, C, …] of rank 2 or more (rank 1 counts as one channel), then scale, bias, mean and variance [C].
/// </summary>
/// <param name="Epsilon">Added to the variance.</param>
public sealed record BatchNormalization(float Epsilon) : Operator
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Float32, ElementType.Float64);
        var x = context.Shape(0);
        var channels = x.Rank > 1 ? x[1] : 1;
        for (var input = 1; input <= 4; input++)
        {
            context.Require(input, context.Element(0));
            if (context.Shape(input) != new TensorShape(channels))
            {
                throw new ShapeException($"input {input} is {context.Type(input)}; {channels} elements were expected for input 0 {x}");
            }
        }

        return [context.Type(0)];
    }
}
