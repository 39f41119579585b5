using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>Packs the constants of depthwise convolutions in the order in which unpacking within 128 bits leaves the channels.</summary>
internal static class DepthwisePacking
{
    private const int RowsOfQuad = DepthwiseInt8Kernel.RowsOfQuad;

    public static PackedInt8 Pack(
        short[] weights,
        Window window,
        DepthwiseLayout layout,
        QuantizedConv op,
        Node node,
        LoweringContext context
    )
    {
        var (taps, columns, outputs) = (
            window.Kernel[0] * window.Kernel[1],
            window.Kernel[1],
            node.Output.Shape[node.Output.Shape.Rank - 1]
        );
        var bias = node.HasInput(2) ? node.Input(2).Constant!.As<int>().ToArray() : null;
        var source = new Int8Source(weights, outputs, outputs, 1, taps, op.InputZeroPoint, node.Input(0).Element, bias, op.Output);
        var channels = Enumerable
            .Range(0, layout.Blocks * DepthwiseInt8Kernel.Chunk)
            .Select(lane => Channel(layout, outputs, lane))
            .ToArray();

        var segments = layout.Quads * columns * layout.OutputRows;
        var packed = new List<sbyte>();
        for (var block = 0; block < layout.Blocks; block++)
        {
            for (var i = 0; i < segments * DepthwiseInt8Kernel.Chunk * RowsOfQuad; i++)
            {
                var lane = i / RowsOfQuad % DepthwiseInt8Kernel.Chunk;
                var segment = i / RowsOfQuad / DepthwiseInt8Kernel.Chunk;
                var (quad, column, output) = (
                    segment / layout.OutputRows / columns,
                    segment / layout.OutputRows % columns,
                    segment % layout.OutputRows
                );

                // The second output row has its window one row further down.
                var row = (quad * RowsOfQuad) + (i % RowsOfQuad) - output;
                var channel = channels[(block * DepthwiseInt8Kernel.Chunk) + lane];
                packed.Add(row >= 0 && row < window.Kernel[0] ? (sbyte)source.Weight(channel, 0, (row * columns) + column) : (sbyte)0);
            }
        }

        var sets = context.Target.InstructionSets;
        return new PackedInt8(
            1,
            layout.Blocks * DepthwiseInt8Kernel.Chunk,
            DepthwiseInt8Kernel.Chunk,
            segments,
            1,
            context.AddWeights<sbyte>(node, "weights", ElementType.Int8, [.. packed]),
            sets.Any(s => !Int8Variants.ReadsSigned(s)) ? AddBias("bias", signed: false) : null,
            sets.Any(Int8Variants.ReadsSigned) ? AddBias("signedBias", signed: true) : null,
            source.Output is null ? null : VectorRequantization.Pack(source, channels, node, context)
        );

        PackedWeights AddBias(string purpose, bool signed) =>
            context.AddWeights<int>(node, purpose, ElementType.Int32, source.FoldedBias(channels, signed));
    }

    /// <summary>
    /// The channel of a packed lane. Eight lanes make a vector: four from the first run of sixteen bytes and the same four from the
    /// second. Vectors of 128 bits read half of each.
    /// </summary>
    private static int Channel(DepthwiseLayout layout, int outputs, int packedLane)
    {
        var (block, lane) = (packedLane / DepthwiseInt8Kernel.Chunk, packedLane % DepthwiseInt8Kernel.Chunk);
        var (vector, run, index) = (lane / 8, lane % 8 / 4, lane % 4);
        var natural = (run * DepthwiseInt8Kernel.Run) + (vector * 4) + index;
        return PackedInt8.BlockStart(outputs, layout.Channels, block) + (natural % layout.Channels);
    }
}
