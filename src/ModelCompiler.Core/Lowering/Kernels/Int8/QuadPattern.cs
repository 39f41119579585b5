namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>
/// Where the weights of a layer are not all zero: for each block of output channels the quads of depth that are kept, in order. A
/// quad of a block is what one load of inputs is multiplied with: 4 inputs × the channels of the block.
/// </summary>
/// <param name="starts">For each block where its quads begin in <paramref name="quads"/>, and where the last one's end.</param>
/// <param name="quads">The quads, counted through all segments.</param>
/// <param name="all">How many there are.</param>
internal sealed class QuadPattern(int[] starts, int[] quads, int all)
{
    public ReadOnlySpan<int> Starts => starts;

    public ReadOnlySpan<int> Quads => quads;

    public int Blocks => starts.Length - 1;

    /// <summary>Quads of all blocks.</summary>
    public int All => all;

    /// <summary>Finds the pattern.</summary>
    /// <param name="source">The weights.</param>
    /// <param name="block">Channels of a block.</param>
    public static QuadPattern Of(Int8Source source, int block)
    {
        var outputs = source.Outputs / source.Groups;
        var (blocks, length) = ((outputs + block - 1) / block, (source.SegmentLength + 3) / 4);
        var quadsOfBlock = source.Segments * length;
        var used = new bool[checked(source.Groups * blocks * quadsOfBlock)];
        for (var channel = 0; channel < source.Outputs; channel++)
        {
            var (group, within) = (channel / outputs, channel % outputs);
            var first = group * blocks;
            Mark(channel, first + Math.Min(within / block, blocks - 1));
            if (within >= PackedInt8.BlockStart(outputs, block, blocks - 1))
            {
                Mark(channel, first + blocks - 1);
            }
        }

        return Collect();

        void Mark(int channel, int b)
        {
            for (var segment = 0; segment < source.Segments; segment++)
            {
                var run = source.Segment(channel, segment);
                for (var i = 0; i < run.Length; i++)
                {
                    used[(b * quadsOfBlock) + (segment * length) + (i / 4)] |= run[i] != 0;
                }
            }
        }

        QuadPattern Collect()
        {
            var starts = new int[(source.Groups * blocks) + 1];
            var quads = new List<int>();
            for (var b = 0; b + 1 < starts.Length; b++)
            {
                quads.AddRange(Enumerable.Range(0, quadsOfBlock).Where(quad => used[(b * quadsOfBlock) + quad]));
                starts[b + 1] = quads.Count;
            }

            return new QuadPattern(starts, [.. quads], used.Length);
        }
    }
}
