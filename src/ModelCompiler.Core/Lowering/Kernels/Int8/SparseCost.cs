namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>
/// Whether leaving out quads of zeros pays, and in blocks of how many channels. Costs are in products of a quad with 16 channels;
/// the constants are measured on tiles for AVX-VNNI, on which products are cheapest and everything else weighs most.
/// </summary>
internal static class SparseCost
{
    /// <summary>Fewer zeros than this part of the weights never make enough zero blocks: looking for them would be for nothing.</summary>
    private const double LeastZeros = 0.1;

    /// <summary>What a gain has to be more than: the tables that say which blocks are there weigh as well.</summary>
    private const double Gain = 0.95;

    /// <summary>What a tile costs beside its products, in products of a quad.</summary>
    private const double Tile = 6;

    /// <summary>What a tile of some of the quads costs more: where they are, and the end of a loop whose length is not the same every time.</summary>
    private const double Start = 2;

    /// <summary>What a quad costs that is looked up, in proportion to one that follows the last.</summary>
    private const double Wide = 1.02;

    /// <summary>The same of 8 channels, which use half of what is loaded of the inputs.</summary>
    private const double Narrow = 0.6;

    /// <summary>What a tile of 8 channels costs in proportion to one of 16.</summary>
    private const double NarrowTile = 0.68;

    /// <summary>The blocks that are fastest; null where all quads one behind the other are.</summary>
    /// <param name="source">The weights.</param>
    /// <param name="denseBlock">Channels that are packed side by side where all quads are.</param>
    public static (int Block, QuadPattern Pattern)? Choose(Int8Source source, int denseBlock)
    {
        if (source.Weights.Count == 0 || source.Weights.Sums.Sum(s => (double)s.Zeros) / source.Weights.Count < LeastZeros)
        {
            return null;
        }

        var outputs = source.Outputs / source.Groups;
        var quads = source.Segments * ((source.SegmentLength + 3) / 4);
        var channels = source.Groups * ((outputs + denseBlock - 1) / denseBlock) * denseBlock;
        var most = Gain * channels / 16.0 * (quads + Tile);
        var candidates =
            from block in outputs <= 8 ? new[] { 8 } : new[] { 16, 8 }
            let pattern = QuadPattern.Of(source, block)
            let cost = Cost(block, pattern)
            where cost < most
            orderby cost
            select (block, pattern);
        return candidates.Select(c => ((int, QuadPattern)?)c).FirstOrDefault();
    }

    private static double Cost(int block, QuadPattern pattern) =>
        block == 16
            ? (pattern.Quads.Length * Wide) + (pattern.Blocks * (Tile + Start))
            : (pattern.Quads.Length * Narrow) + (pattern.Blocks * (Tile + Start) * NarrowTile);
}
