using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Kernels.Int8.Streams;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>
/// Weights packed for dot products of four bytes: [block of output channels][quad of depth][channel][4]. The last block ends with
/// the last channel and may overlap the one before.
/// <para>
/// Blocks of 32 channels are woven: four vectors of 256 bits hold channels 0-3 and 16-19, 4-7 and 20-23, and so on, because x86
/// packs four vectors of sums within their halves of 128 bits. The bytes then come out in order.
/// </para>
/// <para>
/// Of a block-sparse layer only the quads are there that hold more than zeros. With a code book each quad is half as long: its lower
/// half stands in the low half bytes, the upper half in the high ones, so that vectors of any width decode to whole vectors.
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

    /// <summary>Which quads are there; null where all are.</summary>
    public SparseQuads? Sparse { get; init; }

    /// <summary>The values that the weights are indices of; null where they are bytes.</summary>
    public PackedWeights? Book { get; init; }

    /// <summary>What there is to say of the code book.</summary>
    public string? BookText { get; init; }

    /// <summary>
    /// Inputs of the last quad of each run that count, where the others cannot be given weights of zero because the code book has none;
    /// 0 where all count.
    /// </summary>
    public int TailBytes { get; init; }

    /// <summary>The stream that the weights are unpacked from before each call; null where they are in the binary as they are packed.</summary>
    public PackedStream? Stream { get; init; }

    /// <summary>Blocks of a group.</summary>
    public int Blocks => (Outputs + Block - 1) / Block;

    /// <summary>Channels of a block that are outputs.</summary>
    public int Channels => Math.Min(Block, Outputs);

    /// <summary>Bytes of the weights of one block.</summary>
    public int BlockBytes => Segments * SegmentQuads * QuadBytes;

    /// <summary>Bytes of the weights of one quad of a block.</summary>
    public int QuadBytes =>
        Book is not null ? Block * 2
        : WidenedBits > 0 ? Block * 8
        : Block * 4;

    /// <summary>How the weights are packed where that is not byte by byte; null where it is.</summary>
    public string? Form => Sparse is null ? BookText : string.Join(", ", new[] { Sparse.Describe(Block), BookText }.OfType<string>());

    /// <summary>Whether the channels of a block are woven; sums that are the output themselves stay in order.</summary>
    private bool IsWoven => Weaves(Block, Stage is not null);

    /// <summary>The four channels, counted in fours from the block's first, that stand at a place of the packing.</summary>
    public int FourAt(int place) => IsWoven ? Woven(place) : place;

    /// <summary>Where a vector stands in the packing, in vectors: those of 128 bits are read in the order of channels.</summary>
    public int PlaceOf(int bits, int vector) =>
        IsWoven && bits == 128 ? Enumerable.Range(0, WovenBlock / 4).First(place => Woven(place) == vector) : vector;

    public static bool Weaves(int block, bool requantised) => requantised && block == WovenBlock;

    public static int Woven(int place) => (place / 2) + (place % 2 * (WovenBlock / 8));

    /// <summary>First channel of a block within its group.</summary>
    public static int BlockStart(int outputs, int block, int index) => Math.Max(0, Math.Min(index * block, outputs - block));
}

/// <summary>Which quads of depth are packed, and where the inputs that they are multiplied with stand.</summary>
/// <param name="Offsets">For each quad the distance of its inputs from the first one under the output, in bytes.</param>
/// <param name="Starts">For each block of channels where its quads begin, and where the last one's end.</param>
/// <param name="Kept">How many blocks of 4 inputs × some outputs have weights.</param>
/// <param name="All">How many there are.</param>
internal sealed record SparseQuads(PackedWeights Offsets, PackedWeights Starts, int Kept, int All)
{
    public string Describe(int block) => $"block-sparse 4×{block}, {Math.Round(100.0 * Kept / All):0} % of blocks";
}
