using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Kernels.Int8.Streams;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>Packs the constants of depthwise convolutions in the order in which unpacking within 128 bits leaves the channels.</summary>
internal static class DepthwisePacking
{
    private const int RowsOfQuad = DepthwiseInt8Kernel.RowsOfQuad;

    public static PackedInt8 Pack(
        CentredWeights weights,
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

        var sets = context.Target.InstructionSets;
        var bytes = channels.Length * segments * RowsOfQuad;
        var stream = Stream();
        return new PackedInt8(
            1,
            layout.Blocks * DepthwiseInt8Kernel.Chunk,
            DepthwiseInt8Kernel.Chunk,
            segments,
            1,
            0,
            stream is null
                ? context.AddWeights<sbyte>(
                    node,
                    "weights",
                    ElementType.Int8,
                    bytes,
                    packed => Pack(packed, weights, channels, window, layout)
                )
                : PackedWeights.Unpacked(bytes),
            sets.Any(s => !Int8Variants.ReadsSigned(s)) ? AddBias("bias", signed: false) : null,
            sets.Any(Int8Variants.ReadsSigned) ? AddBias("signedBias", signed: true) : null,
            source.Output is null ? null : VectorRequantization.Pack(source, channels, node, context)
        )
        {
            Stream = stream is null ? null : PackedStream.Add(stream, weights, node, context),
        };

        WeightStream? Stream()
        {
            if (!context.UsesStreams)
            {
                return null;
            }

            var packed = new sbyte[bytes];
            Pack(packed, weights, channels, window, layout);
            var encoded = WeightStream.Encode(packed, []);
            return encoded.Bytes.Length + UnpackedInt8Kernel.CodeBytes < packed.Length ? encoded : null;
        }

        PackedWeights AddBias(string purpose, bool signed) =>
            context.AddWeights<int>(node, purpose, ElementType.Int32, source.FoldedBias(channels, signed));
    }

    /// <summary>[block][group of four rows][column of taps][output row][lane][4].</summary>
    private static void Pack(Span<sbyte> packed, CentredWeights weights, int[] channels, Window window, DepthwiseLayout layout)
    {
        var (rows, columns) = (window.Kernel[0], window.Kernel[1]);
        var segments = layout.Quads * columns * layout.OutputRows;
        for (var i = 0; i < channels.Length; i++)
        {
            var (block, lane) = (i / DepthwiseInt8Kernel.Chunk, i % DepthwiseInt8Kernel.Chunk);
            var taps = weights.Channel(channels[i]);
            for (var segment = 0; segment < segments; segment++)
            {
                var (quad, column, output) = (
                    segment / layout.OutputRows / columns,
                    segment / layout.OutputRows % columns,
                    segment % layout.OutputRows
                );
                var place = ((((block * segments) + segment) * DepthwiseInt8Kernel.Chunk) + lane) * RowsOfQuad;
                for (var tap = 0; tap < RowsOfQuad; tap++)
                {
                    // The second output row has its window one row further down.
                    var row = (quad * RowsOfQuad) + tap - output;
                    packed[place + tap] = row >= 0 && row < rows ? (sbyte)taps[(row * columns) + column] : (sbyte)0;
                }
            }
        }
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
