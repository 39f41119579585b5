namespace ModelCompiler.Lowering;

/// <summary>A buffer that must be in memory from one step to another.</summary>
/// <param name="Bytes">Its size.</param>
/// <param name="First">The step that writes it first.</param>
/// <param name="Last">The last step that reads or writes it.</param>
internal readonly record struct BufferLifetime(int Bytes, int First, int Last)
{
    /// <summary>Number of steps.</summary>
    public int Steps => Last - First + 1;
}

/// <summary>Where each buffer lies in the arena.</summary>
/// <param name="Offsets">Byte offset of each buffer, in the order they were given.</param>
/// <param name="Bytes">Size of the arena.</param>
/// <param name="LeastBytes">The most that is alive at one step: no plan can be smaller.</param>
internal sealed record ArenaPlan(int[] Offsets, int Bytes, int LeastBytes)
{
    /// <summary>The buffers.</summary>
    public IReadOnlyList<BufferLifetime> Buffers { get; init; } = [];

    /// <summary>The buffers in their places.</summary>
    public IEnumerable<PlacedBuffer> Placed => Offsets.Zip(Buffers, (offset, b) => new PlacedBuffer(offset, b.Bytes, b.First, b.Last));
}

/// <summary>A buffer in its place in the arena.</summary>
/// <param name="Offset">Bytes from the start of the arena.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="First">The step that writes it first.</param>
/// <param name="Last">The last step that reads or writes it.</param>
internal readonly record struct PlacedBuffer(int Offset, int Bytes, int First, int Last);

/// <summary>
/// Places buffers so that those alive at the same time do not overlap: one after the other, each at the lowest gap that fits. The
/// order decides how good that is (Pisarchyk and Lee 2020, "Efficient Memory Management for Deep Neural Net Inference", place the
/// largest first); several orders are tried and the first of the smallest plans is taken.
/// </summary>
internal static class ArenaPlanner
{
    /// <summary>Offsets are multiples of this many bytes.</summary>
    public const int Alignment = 64;

    /// <summary>This many bytes behind the arena and behind the weights may be read, never written.</summary>
    public const int Slack = 64;

    /// <summary>Plans an arena, or takes over the plan of another one.</summary>
    /// <param name="buffers">The buffers.</param>
    /// <param name="larger">
    /// A plan that is taken over where its buffers are alive at the same steps and none of them is smaller, so that programs for several
    /// sizes have the same offsets.
    /// </param>
    public static ArenaPlan Plan(IReadOnlyList<BufferLifetime> buffers, ArenaPlan? larger)
    {
        var fits =
            larger is not null
            && larger.Buffers.Count == buffers.Count
            && buffers
                .Zip(larger.Buffers, (b, l) => b.First == l.First && b.Last == l.Last && b.Bytes <= l.Bytes)
                .All(fitsThere => fitsThere);
        return fits ? larger! with { Buffers = buffers, LeastBytes = LeastBytes(buffers) } : Plan(buffers);
    }

    /// <summary>Plans an arena.</summary>
    public static ArenaPlan Plan(IReadOnlyList<BufferLifetime> buffers)
    {
        var least = LeastBytes(buffers);
        ArenaPlan? best = null;
        foreach (var order in Orders(buffers))
        {
            var plan = Place(buffers, order, least);
            best = best is null || plan.Bytes < best.Bytes ? plan : best;
            if (best.Bytes == least)
            {
                break;
            }
        }

        return best!;
    }

    /// <summary>Every order ends in the position in the list, so that it is the same on every machine.</summary>
    private static IEnumerable<IEnumerable<int>> Orders(IReadOnlyList<BufferLifetime> buffers)
    {
        var all = Enumerable.Range(0, buffers.Count).ToArray();
        yield return all.OrderByDescending(i => buffers[i].Bytes).ThenBy(i => buffers[i].First).ThenBy(i => i);
        yield return all.OrderByDescending(i => (long)buffers[i].Bytes * buffers[i].Steps).ThenBy(i => i);
        yield return all.OrderBy(i => buffers[i].First).ThenByDescending(i => buffers[i].Bytes).ThenBy(i => i);
        yield return all.OrderByDescending(i => buffers[i].Steps).ThenByDescending(i => buffers[i].Bytes).ThenBy(i => i);

        // First what is alive when memory is fullest, then the rest by size.
        var load = Load(buffers);
        var peak = Array.IndexOf(load, load.DefaultIfEmpty().Max());
        yield return all.OrderBy(i => buffers[i].First <= peak && peak <= buffers[i].Last ? 0 : 1)
            .ThenByDescending(i => buffers[i].Bytes)
            .ThenBy(i => i);
        yield return all.OrderBy(i => Math.Max(Math.Max(buffers[i].First - peak, peak - buffers[i].Last), 0))
            .ThenByDescending(i => buffers[i].Bytes)
            .ThenBy(i => i);
    }

    private static ArenaPlan Place(IReadOnlyList<BufferLifetime> buffers, IEnumerable<int> order, int least)
    {
        var offsets = new int[buffers.Count];
        var placed = new List<int>();
        var total = 0;
        foreach (var index in order)
        {
            var buffer = buffers[index];
            var offset = 0;
            foreach (var other in placed.Where(o => Overlap(buffers[o], buffer)).OrderBy(o => offsets[o]))
            {
                if (offset + buffer.Bytes <= offsets[other])
                {
                    break;
                }

                offset = Math.Max(offset, AlignUp(offsets[other] + buffers[other].Bytes));
            }

            offsets[index] = offset;
            placed.Add(index);
            total = Math.Max(total, AlignUp(checked(offset + buffer.Bytes)));
        }

        return new ArenaPlan(offsets, total, least) { Buffers = buffers };
    }

    private static int LeastBytes(IReadOnlyList<BufferLifetime> buffers) => checked((int)Load(buffers).DefaultIfEmpty().Max());

    /// <summary>Bytes alive at each step.</summary>
    private static long[] Load(IReadOnlyList<BufferLifetime> buffers)
    {
        var load = new long[buffers.Count == 0 ? 0 : buffers.Max(b => b.Last) + 1];
        foreach (var buffer in buffers)
        {
            for (var step = buffer.First; step <= buffer.Last; step++)
            {
                load[step] += AlignUp(buffer.Bytes);
            }
        }

        return load;
    }

    private static bool Overlap(BufferLifetime a, BufferLifetime b) => a.First <= b.Last && b.First <= a.Last;

    private static int AlignUp(int bytes) => checked(bytes + Alignment - 1) / Alignment * Alignment;
}
