namespace ModelCompiler.Lowering;

/// <summary>A buffer that must be in memory from one step to another.</summary>
/// <param name="Bytes">Its size.</param>
/// <param name="First">The step that writes it first.</param>
/// <param name="Last">The last step that reads it.</param>
internal readonly record struct BufferLifetime(int Bytes, int First, int Last);

/// <summary>Where each buffer lies in the arena.</summary>
/// <param name="Offsets">Byte offset of each buffer, in the order they were given.</param>
/// <param name="Bytes">Size of the arena.</param>
internal sealed record ArenaPlan(int[] Offsets, int Bytes);

/// <summary>
/// Places buffers so that those alive at the same time do not overlap: largest first, each at the lowest gap that fits
/// (greedy by size, Pisarchyk and Lee 2020, "Efficient Memory Management for Deep Neural Net Inference").
/// </summary>
internal static class ArenaPlanner
{
    /// <summary>Offsets are multiples of this many bytes.</summary>
    public const int Alignment = 64;

    /// <summary>This many bytes behind the arena and behind the weights may be read, never written.</summary>
    public const int Slack = 64;

    public static ArenaPlan Plan(IReadOnlyList<BufferLifetime> buffers)
    {
        var offsets = new int[buffers.Count];
        var placed = new List<int>();
        var total = 0;
        foreach (
            var index in Enumerable
                .Range(0, buffers.Count)
                .OrderByDescending(i => buffers[i].Bytes)
                .ThenBy(i => buffers[i].First)
                .ThenBy(i => i)
        )
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
            total = Math.Max(total, AlignUp(offset + buffer.Bytes));
        }

        return new ArenaPlan(offsets, total);
    }

    private static bool Overlap(BufferLifetime a, BufferLifetime b) => a.First <= b.Last && b.First <= a.Last;

    private static int AlignUp(int bytes) => checked(bytes + Alignment - 1) / Alignment * Alignment;
}
