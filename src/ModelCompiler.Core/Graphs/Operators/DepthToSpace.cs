using ModelCompiler.Graphs.Movement;

namespace ModelCompiler.Graphs.Operators;

/// <summary>ONNX DepthToSpace (opset 1, 11, 13): groups of channels become blocks of pixels.</summary>
/// <param name="BlockSize">Height and width of a block.</param>
/// <param name="ChannelsOutermost">
/// Whether a block's pixels are adjacent channels (mode CRD), rather than whole groups of channels (DCR).
/// </param>
/// <param name="Layout">Where the channels stand.</param>
public sealed record DepthToSpace(int BlockSize, bool ChannelsOutermost, DataLayout Layout) : Operator, ISpatialOperator, IMovement
{
    /// <inheritdoc/>
    public Operator WithLayout(DataLayout layout) => this with { Layout = layout };

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        var (n, c, h, w) = BlockRules.Sizes(context.Shape(0), Layout);
        return BlockSize > 0 && c % (BlockSize * BlockSize) == 0
            ? [context.Type(0) with { Shape = BlockRules.Shape(Layout, n, c / (BlockSize * BlockSize), h * BlockSize, w * BlockSize) }]
            : throw new ShapeException($"{c} channels do not make up blocks of {BlockSize}×{BlockSize} pixels");
    }

    IEnumerable<Move> IMovement.Moves(IReadOnlyList<TensorType> inputs, IReadOnlyList<TensorType> outputs)
    {
        var (n, _, h, w) = BlockRules.Sizes(inputs[0].Shape, Layout);
        var (from, to) = (BlockRules.Strides(inputs[0].Shape, Layout), BlockRules.Strides(outputs[0].Shape, Layout));
        var channels = BlockRules.Sizes(outputs[0].Shape, Layout).C;
        var (pixelStep, channelStep) = ChannelsOutermost ? (1, BlockSize * BlockSize) : (channels, 1);
        yield return Boxes.Copy(
            BlockRules.Loops(
                Layout,
                new MoveAxis(n, from.N, to.N),
                new MoveAxis(channels, from.C * channelStep, to.C),
                new MoveAxis(h, from.H, to.H * BlockSize),
                new MoveAxis(BlockSize, from.C * pixelStep * BlockSize, to.H),
                new MoveAxis(w, from.W, to.W * BlockSize),
                new MoveAxis(BlockSize, from.C * pixelStep, to.W)
            )
        );
    }
}

/// <summary>ONNX SpaceToDepth (opset 1, 13): blocks of pixels become groups of channels.</summary>
/// <param name="BlockSize">Height and width of a block.</param>
/// <param name="Layout">Where the channels stand.</param>
public sealed record SpaceToDepth(int BlockSize, DataLayout Layout) : Operator, ISpatialOperator, IMovement
{
    /// <inheritdoc/>
    public Operator WithLayout(DataLayout layout) => this with { Layout = layout };

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        var (n, c, h, w) = BlockRules.Sizes(context.Shape(0), Layout);
        return BlockSize > 0 && h % BlockSize == 0 && w % BlockSize == 0
            ? [context.Type(0) with { Shape = BlockRules.Shape(Layout, n, c * BlockSize * BlockSize, h / BlockSize, w / BlockSize) }]
            : throw new ShapeException($"{h}×{w} pixels do not divide into blocks of {BlockSize}×{BlockSize}");
    }

    IEnumerable<Move> IMovement.Moves(IReadOnlyList<TensorType> inputs, IReadOnlyList<TensorType> outputs)
    {
        var (n, c, _, _) = BlockRules.Sizes(inputs[0].Shape, Layout);
        var (_, _, h, w) = BlockRules.Sizes(outputs[0].Shape, Layout);
        var (from, to) = (BlockRules.Strides(inputs[0].Shape, Layout), BlockRules.Strides(outputs[0].Shape, Layout));
        yield return Boxes.Copy(
            BlockRules.Loops(
                Layout,
                new MoveAxis(n, from.N, to.N),
                new MoveAxis(c, from.C, to.C),
                new MoveAxis(h, from.H * BlockSize, to.H),
                new MoveAxis(BlockSize, from.H, to.C * c * BlockSize),
                new MoveAxis(w, from.W * BlockSize, to.W),
                new MoveAxis(BlockSize, from.W, to.C * c)
            )
        );
    }
}

/// <summary>Rules that the two share: images of two spatial dimensions in either layout.</summary>
internal static class BlockRules
{
    public static (int N, int C, int H, int W) Sizes(TensorShape shape, DataLayout layout)
    {
        if (shape.Rank != 4)
        {
            throw new ShapeException($"a tensor of rank 4 was expected, found {shape}");
        }

        return layout == DataLayout.ChannelsFirst ? (shape[0], shape[1], shape[2], shape[3]) : (shape[0], shape[3], shape[1], shape[2]);
    }

    public static (int N, int C, int H, int W) Strides(TensorShape shape, DataLayout layout)
    {
        var s = shape.Strides();
        return layout == DataLayout.ChannelsFirst ? (s[0], s[1], s[2], s[3]) : (s[0], s[3], s[1], s[2]);
    }

    public static TensorShape Shape(DataLayout layout, int n, int c, int h, int w) =>
        layout == DataLayout.ChannelsFirst ? new(n, c, h, w) : new(n, h, w, c);

    public static MoveAxis[] Loops(DataLayout layout, MoveAxis n, MoveAxis c, MoveAxis h, MoveAxis inH, MoveAxis w, MoveAxis inW) =>
        layout == DataLayout.ChannelsFirst ? [n, c, h, inH, w, inW] : [n, h, inH, w, inW, c];
}
