using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Kernels.Int8.Streams;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>Packs the weights of a layer in the form that is chosen for it.</summary>
/// <param name="source">The weights.</param>
/// <param name="form">The form.</param>
/// <param name="node">The node they belong to.</param>
/// <param name="context">Where they go.</param>
internal sealed class Int8Packing(Int8Source source, Int8WeightForm form, Node node, LoweringContext context)
{
    private readonly int _outputs = source.Outputs / source.Groups;

    private int BlocksOfGroup => (_outputs + form.Block - 1) / form.Block;

    private int Blocks => source.Groups * BlocksOfGroup;

    /// <summary>Quads of a segment, filled up where the form says so.</summary>
    private int Quads => QuadsOf(source, form);

    /// <summary>Packs weights for tiles, in the form that the cost model chooses, or in that of the fewest bytes where that is wanted.</summary>
    /// <param name="source">The weights.</param>
    /// <param name="runs">Where the inputs of each segment stand.</param>
    /// <param name="quadMultiple">The quads of a segment are filled up to a multiple of this.</param>
    /// <param name="pixels">Pixels that tiles may be made of.</param>
    /// <param name="node">The node they belong to.</param>
    /// <param name="context">Where they go.</param>
    public static PackedInt8 PackForTiles(
        Int8Source source,
        Int8Runs runs,
        int quadMultiple,
        int pixels,
        Node node,
        LoweringContext context
    )
    {
        if (context.WantedWeights == WeightChoice.Fastest)
        {
            return new Int8Packing(source, Int8WeightForm.Choose(source, quadMultiple, pixels, context.Target), node, context).Pack(runs);
        }

        var (smallest, bytes) = Int8WeightForm.Smallest(source, quadMultiple, pixels);
        if (context.UsesStreams)
        {
            var whole = new Int8Packing(source, Int8WeightForm.Whole(source, quadMultiple, pixels, book: null), node, context);
            var stream = WeightStream.Encode(whole.Bytes(whole.Channels()), []);
            if (stream.Bytes.Length + UnpackedInt8Kernel.CodeBytes < bytes)
            {
                return whole.Pack(runs, stream);
            }
        }

        return new Int8Packing(source, smallest, node, context).Pack(runs);
    }

    /// <summary>The quads of a segment, filled up where the form says so.</summary>
    public static int QuadsOf(Int8Source source, Int8WeightForm form) =>
        (((source.SegmentLength + 3) / 4) + form.QuadMultiple - 1) / form.QuadMultiple * form.QuadMultiple;

    private PackedInt8 Pack(Int8Runs runs, WeightStream? stream = null)
    {
        var channels = Channels();
        var sets = context.Target.InstructionSets;
        return new PackedInt8(
            source.Groups,
            _outputs,
            form.Block,
            source.Segments,
            Quads,
            form.WidenedBits,
            stream is null ? Weights(channels) : PackedWeights.Unpacked(PackedBytes),
            sets.Any(s => !Int8Variants.ReadsSigned(s))
                ? context.AddWeights<int>(node, "bias", ElementType.Int32, source.FoldedBias(channels, signed: false))
                : null,
            sets.Any(Int8Variants.ReadsSigned)
                ? context.AddWeights<int>(node, "signedBias", ElementType.Int32, source.FoldedBias(channels, signed: true))
                : null,
            source.Output is null ? null : VectorRequantization.Pack(source, channels, node, context)
        )
        {
            Sparse = form.Pattern is { } pattern ? PackPattern(pattern, runs) : null,
            Book = form.Book is { } book ? PackBook(book) : null,
            BookText = form.Book?.ToString(),
            Stream = stream is null ? null : PackedStream.Add(stream, source.Weights, node, context),
            TailBytes = form.Book is { HasZero: false } ? source.SegmentLength % 4 : 0,
        };
    }

    /// <summary>The output channel of each packed one; −1 for padding.</summary>
    private int[] Channels()
    {
        var channels = new int[checked(Blocks * form.Block)];
        for (var i = 0; i < channels.Length; i++)
        {
            var (group, b, lane) = (i / (BlocksOfGroup * form.Block), i / form.Block % BlocksOfGroup, i % form.Block);
            var woven = PackedInt8.Weaves(form.Block, source.Output is not null);
            var place = woven ? (PackedInt8.Woven(lane / 4) * 4) + (lane % 4) : lane;
            var channel = PackedInt8.BlockStart(_outputs, form.Block, b) + place;
            channels[i] = channel < _outputs ? (group * _outputs) + channel : -1;
        }

        return channels;
    }

    private PackedWeights Weights(int[] channels)
    {
        var bytes = PackedBytes;
        return form switch
        {
            { Book: { } book } => Add(bytes / 2, packed => Encode(Bytes(channels), book, form.Block * 2, packed)),
            { WidenedBits: > 0 } => Add(checked(bytes * 2), packed => Widen(Bytes(channels), packed, form.WidenedBits / 8)),
            _ => Add(bytes, packed => Write(channels, packed)),
        };

        PackedWeights Add(int count, PackWeights<sbyte> pack) => context.AddWeights(node, "weights", ElementType.Int8, count, pack);
    }

    /// <summary>Bytes of the packed weights before they are indices or widened.</summary>
    private int PackedBytes => checked((form.Pattern?.Quads.Length ?? checked(Blocks * source.Segments * Quads)) * form.Block * 4);

    private sbyte[] Bytes(int[] channels)
    {
        var all = new sbyte[PackedBytes];
        Write(channels, all);
        return all;
    }

    private SparseQuads PackPattern(QuadPattern pattern, Int8Runs runs)
    {
        var length = (source.SegmentLength + 3) / 4;
        int[] offsets = [.. pattern.Quads.ToArray().Select(q => runs.Offset(q / length) + (q % length * 4))];
        return new(
            offsets.All(o => o <= ushort.MaxValue)
                ? context.AddWeights<ushort>(node, "offsets", ElementType.UInt16, [.. offsets.Select(o => (ushort)o)])
                : context.AddWeights<int>(node, "offsets", ElementType.Int32, offsets),
            context.AddWeights(node, "starts", ElementType.Int32, pattern.Starts),
            pattern.Quads.Length,
            pattern.All
        );
    }

    private PackedWeights PackBook(CodeBook book)
    {
        var values = new sbyte[CodeBook.Entries];
        for (var i = 0; i < book.Values.Count; i++)
        {
            values[i] = (sbyte)book.Values[i];
        }

        return context.AddWeights<sbyte>(node, "book", ElementType.Int8, values);
    }

    /// <summary>Writes weights as bytes; those of which nothing is known are zero.</summary>
    private void Write(int[] channels, Span<sbyte> packed)
    {
        var slots = new int[source.Segments * Quads];
        for (var i = 0; i < channels.Length; i++)
        {
            var (block, lane) = (i / form.Block, i % form.Block);
            if (lane == 0)
            {
                FindSlots(block, slots);
            }

            if (channels[i] >= 0)
            {
                WriteChannel(channels[i], lane, slots, packed);
            }
        }
    }

    /// <summary>Where the quads of a block are packed; what −1 is said of has no weights.</summary>
    private void FindSlots(int block, int[] slots)
    {
        if (form.Pattern is not { } pattern)
        {
            for (var q = 0; q < slots.Length; q++)
            {
                slots[q] = (block * slots.Length) + q;
            }

            return;
        }

        slots.AsSpan().Fill(-1);
        var length = (source.SegmentLength + 3) / 4;
        for (var at = pattern.Starts[block]; at < pattern.Starts[block + 1]; at++)
        {
            slots[(pattern.Quads[at] / length * Quads) + (pattern.Quads[at] % length)] = at;
        }
    }

    private void WriteChannel(int channel, int lane, int[] slots, Span<sbyte> packed)
    {
        for (var segment = 0; segment < source.Segments; segment++)
        {
            var run = source.Segment(channel, segment);
            for (var i = 0; i < run.Length; i++)
            {
                var slot = slots[(segment * Quads) + (i / 4)];
                if (slot >= 0)
                {
                    packed[(((slot * form.Block) + lane) * 4) + (i % 4)] = (sbyte)run[i];
                }
            }
        }
    }

    /// <summary>Bytes to 16 bits: of each vector the even bytes, then the odd ones.</summary>
    private static void Widen(sbyte[] weights, Span<sbyte> widened, int vectorBytes)
    {
        for (var i = 0; i < weights.Length; i++)
        {
            var (vector, at) = (i / vectorBytes, i % vectorBytes);
            var to = (vector * 2 * vectorBytes) + (at % 2 * vectorBytes) + (at / 2 * 2);
            (widened[to], widened[to + 1]) = (weights[i], (sbyte)(weights[i] >> 7));
        }
    }

    /// <summary>Bytes to indices: of each quad the lower half in the low half bytes, the upper one in the high ones.</summary>
    private static void Encode(sbyte[] weights, CodeBook book, int half, Span<sbyte> packed)
    {
        var indices = book.Indices();
        for (var i = 0; i < packed.Length; i++)
        {
            var first = (i / half * 2 * half) + (i % half);
            var (low, high) = (indices[unchecked((byte)weights[first])], indices[unchecked((byte)weights[first + half])]);
            packed[i] = unchecked((sbyte)(low | (high << 4)));
        }
    }
}
