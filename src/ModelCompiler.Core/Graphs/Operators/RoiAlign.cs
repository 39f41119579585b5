namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// ONNX RoiAlign (opset 10, 16, 22): samples regions of images between their pixels. Inputs: images [batches, channels, height, width],
/// regions [regions, 4] as x and y of two corners, and which image each is of (Int64).
/// </summary>
/// <param name="Height">Rows of the output.</param>
/// <param name="Width">Columns of the output.</param>
/// <param name="Samples">Samples in each direction that make up an output element; 0 for about one a pixel.</param>
/// <param name="Scale">What the regions' coordinates are multiplied with.</param>
/// <param name="IsMaximum">Whether the greatest weighted pixel is taken, not the mean of the samples.</param>
/// <param name="IsHalfPixel">Whether coordinates lie at the centres of pixels, not at their corners.</param>
public sealed record RoiAlign(int Height, int Width, int Samples, float Scale, bool IsMaximum, bool IsHalfPixel) : Operator
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Float32, ElementType.Float64);
        context.Require(2, ElementType.Int64);
        var (images, regions, indices) = (context.Shape(0), context.Shape(1), context.Shape(2));
        return
            context.Element(1) == context.Element(0)
            && images.Rank == 4
            && regions.Rank == 2
            && regions[1] == 4
            && indices == new TensorShape(regions[0])
            ? [context.Type(0) with { Shape = new(regions[0], images[1], Height, Width) }]
            : throw new ShapeException($"images {context.Type(0)}, regions {context.Type(1)} and indices {indices} do not fit");
    }
}
