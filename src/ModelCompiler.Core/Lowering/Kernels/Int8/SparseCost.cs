namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>
/// Whether leaving out quads of zeros pays, and in blocks of how many channels. Costs are in products of a quad with 16 channels;
/// the constants are measured on tiles for AVX-VNNI, on which products are cheapest and everything else weighs most.
/// </summary>
internal static class SparseCost
{
    /// <summary>Fewer zeros than this part of the weights never make enough zero blocks: looking for them would be for nothing.</summary>
    private const double LeastZeros = 0.25;

    /// <summary>A tile's own costs: where its quads are, the end of a loop that is not the same length every time.</summary>
    private const double Tile = 3;

    /// <summary>What a quad costs more for being looked up.</summary>
    private const double Lookup = 1.08;

    /// <summary>Blocks of 8 channels use half of what they load of the inputs: products with two of them cost so much more than with one of 16.</summary>
    private const double Narrow = 1.3;

    public static (int Block, QuadPattern Pattern)? Choose(Int8Source source, int denseBlock)
    {
        if (source.Weights.Count == 0 || source.Weights.Sums.Sum(s => (double)s.Zeros) / source.Weights.Count < LeastZeros)
        {
            return null;
        }

        var outputs = source.Outputs / source.Groups;
        var quads = source.Segments * ((source.SegmentLength + 3) / 4);
        var channels = source.Groups * ((outputs + denseBlock - 1) / denseBlock) * denseBlock;
        var dense = channels / 16.0 * quads;
        var candidates =
            from block in outputs <= 8 ? new[] { 8 } : new[] { 16, 8 }
            let pattern = QuadPattern.Of(source, block)
            let cost = Cost(block, pattern)
            where cost < dense
            orderby cost
            select (block, pattern);
        return candidates.Select(c => ((int, QuadPattern)?)c).FirstOrDefault();
    }

    private static double Cost(int block, QuadPattern pattern) =>
        ((pattern.Quads.Length * Lookup) + (pattern.Blocks * Tile)) * (block == 16 ? 1 : Narrow / 2);
}
