namespace ModelCompiler.Sizes;

/// <summary>An input whose length says the size of a dimension.</summary>
/// <param name="Range">Which of the dimensions.</param>
/// <param name="Input">Which of the inputs.</param>
public sealed record SizeSource(int Range, int Input)
{
    /// <summary>
    /// For each dimension the input that tells its size, in an order in which each length depends on nothing that is not known by then;
    /// null where lengths do not tell all sizes apart, so that the caller has to say them.
    /// </summary>
    /// <param name="sizes">The sizes.</param>
    /// <param name="isGiven">Whether an input is a parameter of Predict.</param>
    public static IReadOnlyList<SizeSource>? Find(SizeTable sizes, Func<int, bool> isGiven)
    {
        var found = new List<SizeSource>();
        var open = Enumerable.Range(0, sizes.Ranges.Count).ToList();
        while (open.Count > 0)
        {
            var next = open.SelectMany(range =>
                    Enumerable.Range(0, sizes.Inputs.Count).Where(isGiven).Select(input => new SizeSource(range, input))
                )
                .FirstOrDefault(source => source.Tells(sizes, open));
            if (next is null)
            {
                return null;
            }

            found.Add(next);
            open.Remove(next.Range);
        }

        return found;
    }

    /// <summary>Whether the input's length differs for each size of the dimension, and depends on no other dimension that is open.</summary>
    private bool Tells(SizeTable sizes, List<int> open)
    {
        var port = sizes.Inputs[Input];
        if (sizes.ItemRange is { } items && open.Contains(items) && items != Range && port.ItemAxis is not null)
        {
            return false;
        }

        var lengths = port.Shapes.Select(s => s.Elements).ToArray();
        if (Range == sizes.ItemRange && (port.ItemAxis is null || lengths.Contains(0)))
        {
            return false;
        }

        return Enumerable
            .Range(0, lengths.Length)
            .GroupBy(program => Known(sizes, open, program))
            .All(group =>
            {
                var bySize = group
                    .GroupBy(program => SizeOf(sizes, program), program => lengths[program])
                    .Select(g => g.Distinct().ToArray())
                    .ToArray();
                return bySize.All(l => l.Length == 1) && bySize.Select(l => l[0]).Distinct().Count() == bySize.Length;
            });
    }

    /// <summary>The program with the first size of every open dimension.</summary>
    private static int Known(SizeTable sizes, List<int> open, int program) =>
        Enumerable
            .Range(0, sizes.Ranges.Count)
            .Where(r => r != sizes.ItemRange && !open.Contains(r))
            .Sum(r => Index(sizes, r, program) * sizes.Stride(r));

    private int SizeOf(SizeTable sizes, int program) => Range == sizes.ItemRange ? 0 : Index(sizes, Range, program);

    private static int Index(SizeTable sizes, int range, int program) => program / sizes.Stride(range) % (int)sizes.Ranges[range].Count;
}
