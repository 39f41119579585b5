using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering.Kernels.Recurrent;

/// <summary>Gates whose products with one vector are computed together: an index and its place among ONNX's gates.</summary>
/// <param name="First">The first gate.</param>
/// <param name="Count">How many.</param>
internal readonly record struct GateGroup(int First, int Count);

/// <summary>
/// How recurrent weights are laid out: for each direction and group of gates blocks of 16 units, each [summand, gate, unit], so
/// that all gates of a unit come from one run through memory. The last block is as narrow as the units that are left over allow;
/// lanes behind the last unit have zeros.
/// </summary>
/// <param name="Hidden">Number of units, which is the number of summands too.</param>
/// <param name="Groups">Groups of gates.</param>
internal sealed record RecurrentLayout(int Hidden, EquatableArray<GateGroup> Groups)
{
    public const int BlockUnits = 16;

    public int FullBlocks => Hidden / BlockUnits;

    /// <summary>Units in full blocks.</summary>
    public int FullUnits => FullBlocks * BlockUnits;

    /// <summary>Width of the last block; 0 where there is none.</summary>
    public int TailUnits =>
        (Hidden % BlockUnits) switch
        {
            0 => 0,
            <= 4 => 4,
            <= 8 => 8,
            _ => BlockUnits,
        };

    /// <summary>Number of units with those that fill up the last block.</summary>
    public int PaddedUnits => FullUnits + TailUnits;

    public int Gates => Groups.Sum(g => g.Count);

    /// <summary>Elements of a direction.</summary>
    public int DirectionElements => Gates * Hidden * PaddedUnits;

    /// <summary>Where a group begins in the weights of a direction.</summary>
    public int OffsetOf(GateGroup group) => Groups.TakeWhile(g => g != group).Sum(g => g.Count) * Hidden * PaddedUnits;

    /// <summary>Packs R [D, G·H, H].</summary>
    public void Pack(ReadOnlySpan<float> source, Span<float> target)
    {
        var next = 0;
        var directions = source.Length / Math.Max(1, Gates * Hidden * Hidden);
        for (var direction = 0; direction < directions; direction++)
        {
            foreach (var group in Groups)
            {
                var gates = source.Slice(((direction * Gates) + group.First) * Hidden * Hidden, group.Count * Hidden * Hidden);
                for (var unit = 0; unit < FullUnits; unit += BlockUnits)
                {
                    next = PackBlock(gates, group.Count, unit, BlockUnits, target, next);
                }

                next = PackBlock(gates, group.Count, FullUnits, TailUnits, target, next);
            }
        }
    }

    private int PackBlock(ReadOnlySpan<float> gates, int count, int first, int width, Span<float> target, int next)
    {
        for (var summand = 0; summand < Hidden; summand++)
        {
            for (var gate = 0; gate < count; gate++)
            {
                for (var unit = first; unit < first + width; unit++)
                {
                    target[next++] = unit < Hidden ? gates[(((gate * Hidden) + unit) * Hidden) + summand] : 0;
                }
            }
        }

        return next;
    }
}
