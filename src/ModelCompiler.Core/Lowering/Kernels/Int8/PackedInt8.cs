using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>
/// Weights packed for dot products of four bytes: [block of output channels][quad of depth][channel][4]. The last block ends with
/// the last channel and may overlap the one before.
/// </summary>
/// <param name="Groups">Channel groups, each with its own blocks.</param>
/// <param name="Outputs">Output channels of a group.</param>
/// <param name="Block">Output channels of a block; more than <paramref name="Outputs"/> where the only block is padded.</param>
/// <param name="Segments">Runs of contiguous input bytes under one output.</param>
/// <param name="SegmentQuads">Quads of each run, the last one filled up with zero weights.</param>
/// <param name="Weights">The weights, Int8.</param>
/// <param name="Bias">Bias for inputs read as unsigned bytes, the input's zero point folded in; null where no variant reads so.</param>
/// <param name="SignedBias">The same for inputs read as signed bytes.</param>
/// <param name="Stage">From accumulators to outputs; null where they are the output.</param>
internal sealed record PackedInt8(
    int Groups,
    int Outputs,
    int Block,
    int Segments,
    int SegmentQuads,
    PackedWeights Weights,
    PackedWeights? Bias,
    PackedWeights? SignedBias,
    VectorRequantization? Stage
)
{
    /// <summary>Blocks of a group.</summary>
    public int Blocks => (Outputs + Block - 1) / Block;

    /// <summary>Channels of a block that are outputs.</summary>
    public int Channels => Math.Min(Block, Outputs);

    /// <summary>Bytes of the weights of one block.</summary>
    public int BlockBytes => Segments * SegmentQuads * Block * 4;

    /// <summary>First channel of a block within its group.</summary>
    public static int BlockStart(int outputs, int block, int index) => Math.Max(0, Math.Min(index * block, outputs - block));

    /// <summary>Packs weights; the quads of a segment are filled up to a multiple of <paramref name="quadMultiple"/>.</summary>
    public static PackedInt8 Pack(Int8Source source, int quadMultiple, Node node, LoweringContext context) =>
        Pack(source, quadMultiple, Int8TileShape.ChooseBlock(source.Outputs / source.Groups), node, context);

    /// <summary>Packs weights in blocks of a given width.</summary>
    public static PackedInt8 Pack(Int8Source source, int quadMultiple, int block, Node node, LoweringContext context)
    {
        var outputs = source.Outputs / source.Groups;
        var blocks = (outputs + block - 1) / block;
        var quads = (((source.SegmentLength + 3) / 4) + quadMultiple - 1) / quadMultiple * quadMultiple;
        var depth = source.Segments * quads * 4;
        var channels = new int[source.Groups * blocks * block];
        for (var i = 0; i < channels.Length; i++)
        {
            var (group, b, lane) = (i / (blocks * block), i / block % blocks, i % block);
            var channel = BlockStart(outputs, block, b) + lane;
            channels[i] = channel < outputs ? (group * outputs) + channel : -1;
        }

        return new PackedInt8(
            source.Groups,
            outputs,
            block,
            source.Segments,
            quads,
            context.AddWeights<sbyte>(node, "weights", ElementType.Int8, channels.Length * depth, CopyChannels),
            context.Target.InstructionSets.Any(s => !Int8Variants.ReadsSigned(s))
                ? context.AddWeights<int>(node, "bias", ElementType.Int32, source.FoldedBias(channels, signed: false))
                : null,
            context.Target.InstructionSets.Any(Int8Variants.ReadsSigned)
                ? context.AddWeights<int>(node, "signedBias", ElementType.Int32, source.FoldedBias(channels, signed: true))
                : null,
            source.Output is null ? null : VectorRequantization.Pack(source, channels, node, context)
        );

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
