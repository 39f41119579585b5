using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>
/// Weights packed for dot products of four bytes: [block of output channels][quad of depth][channel][4]. The last block ends with
/// the last channel and may overlap the one before.
/// <para>
/// Blocks of 32 channels are woven: four vectors of 256 bits hold channels 0-3 and 16-19, 4-7 and 20-23, and so on, because x86
/// packs four vectors of sums within their halves of 128 bits. The bytes then come out in order.
/// </para>
/// </summary>
/// <param name="Groups">Channel groups, each with its own blocks.</param>
/// <param name="Outputs">Output channels of a group.</param>
/// <param name="Block">Output channels of a block; more than <paramref name="Outputs"/> where the only block is padded.</param>
/// <param name="Segments">Runs of contiguous input bytes under one output.</param>
/// <param name="SegmentQuads">Quads of each run, the last one filled up with zero weights.</param>
/// <param name="WidenedBits">
/// Width of the vectors for which the weights are widened to 16 bits, the even bytes of each vector's quads before the odd ones;
/// 0 where they are bytes.
/// </param>
/// <param name="Weights">The weights.</param>
/// <param name="Bias">Bias for inputs read as unsigned bytes, the input's zero point folded in; null where no variant reads so.</param>
/// <param name="SignedBias">The same for inputs read as signed bytes.</param>
/// <param name="Stage">From accumulators to outputs; null where they are the output.</param>
internal sealed record PackedInt8(
    int Groups,
    int Outputs,
    int Block,
    int Segments,
    int SegmentQuads,
    int WidenedBits,
    PackedWeights Weights,
    PackedWeights? Bias,
    PackedWeights? SignedBias,
    VectorRequantization? Stage
)
{
    private const int WovenBlock = 32;

    /// <summary>Blocks of a group.</summary>
    public int Blocks => (Outputs + Block - 1) / Block;

    /// <summary>Channels of a block that are outputs.</summary>
    public int Channels => Math.Min(Block, Outputs);

    /// <summary>Bytes of the weights of one block.</summary>
    public int BlockBytes => Segments * SegmentQuads * QuadBytes;

    /// <summary>Bytes of the weights of one quad of a block.</summary>
    public int QuadBytes => Block * (WidenedBits > 0 ? 8 : 4);

    /// <summary>Whether the channels of a block are woven; sums that are the output themselves stay in order.</summary>
    private bool IsWoven => Weaves(Block, Stage is not null);

    /// <summary>The four channels, counted in fours from the block's first, that stand at a place of the packing.</summary>
    public int FourAt(int place) => IsWoven ? Woven(place) : place;

    /// <summary>Where a vector stands in the packing, in vectors: those of 128 bits are read in the order of channels.</summary>
    public int PlaceOf(int bits, int vector) =>
        IsWoven && bits == 128 ? Enumerable.Range(0, WovenBlock / 4).First(place => Woven(place) == vector) : vector;

    private static bool Weaves(int block, bool requantised) => requantised && block == WovenBlock;

    private static int Woven(int place) => (place / 2) + (place % 2 * (WovenBlock / 8));

    /// <summary>First channel of a block within its group.</summary>
    public static int BlockStart(int outputs, int block, int index) => Math.Max(0, Math.Min(index * block, outputs - block));

    /// <summary>
    /// Packs weights; the quads of a segment are filled up to a multiple of <paramref name="quadMultiple"/>. Where no instruction
    /// multiplies bytes without saturation and a tile has several pixels, widening weights in the loop would cost as much as their
    /// products: a target of one such instruction set has them widened.
    /// </summary>
    public static PackedInt8 PackForTiles(Int8Source source, int quadMultiple, int pixels, Node node, LoweringContext context)
    {
        var block = Int8TileShape.ChooseBlock(source.Outputs / source.Groups);
        var sets = context.Target.InstructionSets;
        var widens = pixels > 1 && sets.Count == 1 && sets[0] is InstructionSet.Avx2 or InstructionSet.Avx512;
        return Pack(source, quadMultiple, block, widens ? Int8TileShape.BitsOf(sets[0], block) : 0, node, context);
    }

    /// <summary>Packs weights as bytes in blocks of a given width.</summary>
    public static PackedInt8 Pack(Int8Source source, int quadMultiple, int block, Node node, LoweringContext context) =>
        Pack(source, quadMultiple, block, 0, node, context);

    private static PackedInt8 Pack(Int8Source source, int quadMultiple, int block, int widenedBits, Node node, LoweringContext context)
    {
        var outputs = source.Outputs / source.Groups;
        var blocks = (outputs + block - 1) / block;
        var quads = (((source.SegmentLength + 3) / 4) + quadMultiple - 1) / quadMultiple * quadMultiple;
        var depth = source.Segments * quads * 4;
        var channels = new int[source.Groups * blocks * block];
        for (var i = 0; i < channels.Length; i++)
        {
            var (group, b, lane) = (i / (blocks * block), i / block % blocks, i % block);
            var place = Weaves(block, source.Output is not null) ? (Woven(lane / 4) * 4) + (lane % 4) : lane;
            var channel = BlockStart(outputs, block, b) + place;
            channels[i] = channel < outputs ? (group * outputs) + channel : -1;
        }

        return new PackedInt8(
            source.Groups,
            outputs,
            block,
            source.Segments,
            quads,
            widenedBits,
            context.AddWeights<sbyte>(
                node,
                "weights",
                ElementType.Int8,
                checked(channels.Length * depth * (widenedBits > 0 ? 2 : 1)),
                widenedBits > 0 ? CopyWidened : CopyChannels
            ),
            context.Target.InstructionSets.Any(s => !Int8Variants.ReadsSigned(s))
                ? context.AddWeights<int>(node, "bias", ElementType.Int32, source.FoldedBias(channels, signed: false))
                : null,
            context.Target.InstructionSets.Any(Int8Variants.ReadsSigned)
                ? context.AddWeights<int>(node, "signedBias", ElementType.Int32, source.FoldedBias(channels, signed: true))
                : null,
            source.Output is null ? null : VectorRequantization.Pack(source, channels, node, context)
        );

        void CopyWidened(Span<sbyte> weights)
        {
            var bytes = new sbyte[weights.Length / 2];
            CopyChannels(bytes);
            Widen(bytes, weights, widenedBits / 8);
        }

        void CopyChannels(Span<sbyte> weights)
        {
            for (var i = 0; i < channels.Length; i++)
            {
                if (channels[i] >= 0)
                {
                    Copy(source, channels[i], quads, weights.Slice(i / block * block * depth), block, i % block);
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

    private static void Copy(Int8Source source, int channel, int quads, Span<sbyte> packed, int block, int lane)
    {
        for (var segment = 0; segment < source.Segments; segment++)
        {
            var run = source.Segment(channel, segment);
            for (var i = 0; i < run.Length; i++)
            {
                var quad = (segment * quads) + (i / 4);
                packed[(((quad * block) + lane) * 4) + (i % 4)] = (sbyte)run[i];
            }
        }
    }
}

/// <summary>Requantisation of whole vectors.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Multipliers">One for each packed channel; null where one serves all.</param>
/// <param name="MayExceedInt32">
/// Whether an accumulator times its multiplier may reach 2³¹, beyond which the conversion to integers gives the lowest one.
/// </param>
internal sealed record VectorRequantization(Requantization Rule, PackedWeights? Multipliers, bool MayExceedInt32)
{
    public static VectorRequantization Pack(Int8Source source, int[] channels, Node node, LoweringContext context)
    {
        var rule = source.Output!;
        var multipliers = channels.Select(c => c < 0 ? 0 : rule.Multipliers[rule.Multipliers.Count > 1 ? c : 0]).ToArray();
        var uniform = rule.Multipliers.Distinct().Count() == 1;
        return new(
            rule,
            uniform ? null : context.AddWeights<float>(node, "multipliers", ElementType.Float32, multipliers),
            Enumerable
                .Range(0, source.Outputs)
                .Any(c =>
                    source.LargestSum(c) * (double)Math.Abs(rule.Multipliers[rule.Multipliers.Count > 1 ? c : 0]) >= int.MaxValue - 256
                )
        );
    }
}
