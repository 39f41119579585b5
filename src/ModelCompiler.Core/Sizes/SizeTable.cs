using ModelCompiler.Graphs;

namespace ModelCompiler.Sizes;

/// <summary>
/// How a class serves the sizes that are known at run time only: with a program for each combination of sizes, the last dimension
/// varying fastest, and one dimension at most that is a number of items, for each of which a program runs.
/// </summary>
/// <param name="Ranges">The dimensions.</param>
/// <param name="ItemRange">Which of them is the number of items; null where there is none.</param>
/// <param name="Inputs">The shapes of the inputs.</param>
/// <param name="Outputs">The shapes of the outputs.</param>
public sealed record SizeTable(
    EquatableArray<DimensionRange> Ranges,
    int? ItemRange,
    EquatableArray<SizedPort> Inputs,
    EquatableArray<SizedPort> Outputs
)
{
    /// <summary>Number of programs.</summary>
    public int Programs => ProgramsOf(Ranges);

    /// <summary>The most items of one prediction.</summary>
    public int MostItems => ItemRange is { } range ? Ranges[range].Largest : 1;

    /// <summary>The dimension that is the number of items; null where there is none.</summary>
    public DimensionRange? Items => ItemRange is { } range ? Ranges[range] : null;

    /// <summary>How many programs the next size of a dimension is away.</summary>
    public int Stride(int range) => ProgramsOf(Ranges.Skip(range + 1));

    /// <summary>Whether the shape of a port in the programs depends on a dimension.</summary>
    public bool Matters(int range, SizedPort port)
    {
        var (stride, count) = (Stride(range), (int)Ranges[range].Count);
        return Enumerable.Range(0, port.Shapes.Count).Any(p => port.Shapes[p] != port.Shapes[p - (p / stride % count * stride)]);
    }

    /// <summary>Which program serves a combination of sizes, and how many items there are.</summary>
    /// <param name="sizes">A size for each dimension, in their order.</param>
    public (int Program, int Items) Find(IReadOnlyList<int> sizes)
    {
        var (program, items) = (0, 1);
        for (var range = 0; range < Ranges.Count; range++)
        {
            if (sizes[range] < Ranges[range].Smallest || sizes[range] > Ranges[range].Largest)
            {
                throw new ArgumentOutOfRangeException(nameof(sizes), $"{Ranges[range]} was expected, found {sizes[range]}");
            }

            if (range == ItemRange)
            {
                items = sizes[range];
            }
            else
            {
                program += (sizes[range] - Ranges[range].Smallest) * Stride(range);
            }
        }

        return (program, items);
    }

    private int ProgramsOf(IEnumerable<DimensionRange> ranges) =>
        ranges.Where(r => r != Items).Aggregate(1, (product, r) => product * (int)r.Count);
}
