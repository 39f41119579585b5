using ModelCompiler.Sizes;

namespace ModelCompiler.Verification;

/// <summary>What a network is run on, for each of the sizes that it is compared at.</summary>
internal static class SizedDataSets
{
    // Recorded data may be of any of the sizes; of more combinations than this, only those that are compared anyway are tried.
    private const int MostCombinations = 4096;

    /// <summary>
    /// Recorded data that fit the network; and where there are none, or sizes are known at run time only, random inputs of the smallest
    /// sizes, the largest and some between.
    /// </summary>
    /// <param name="file">The model.</param>
    /// <param name="network">The compiled network.</param>
    /// <param name="recorded">Recorded data.</param>
    /// <param name="notes">Where it is said which data were left out.</param>
    public static IReadOnlyList<(int[] Sizes, IReadOnlyList<TestDataSet> Sets)> For(
        OnnxFile file,
        CompiledNetwork network,
        IReadOnlyList<TestDataSet> recorded,
        List<string> notes
    )
    {
        var some = Some(network.Sizes);
        var random = some.Select(s => (s, (IReadOnlyList<TestDataSet>)[Random(file, network, s)]));
        if (recorded.Count == 0)
        {
            return [.. random];
        }

        var possible = network.Sizes is null || Combinations(network.Sizes) > MostCombinations ? some : All(network.Sizes);
        var fitting = new List<(int[] Sizes, IReadOnlyList<TestDataSet> Sets)>();
        foreach (var set in recorded)
        {
            if (possible.FirstOrDefault(s => Misfit(network, s, set) is null) is { } sizes)
            {
                fitting.Add((sizes, [set]));
            }
            else
            {
                var misfit = Misfit(network, possible[^1], set)!;
                notes.Add($"{set.Name} was not used: it has no tensor {misfit.Type.Element}{misfit.Sizes} for input '{misfit.Name}'");
            }
        }

        return network.Sizes is not null ? [.. fitting, .. random]
            : fitting.Count > 0 ? [([], [.. fitting.SelectMany(f => f.Sets)])]
            : [];
    }

    private static TestDataSet Random(OnnxFile file, CompiledNetwork network, int[] sizes) =>
        new(
            string.Join(", ", ["random", .. sizes.Select((size, i) => $"{network.Sizes!.Ranges[i].Symbol}={size}")]),
            RandomInputs.For(file, network.InputsAt(sizes)),
            []
        );

    private static ModelPort? Misfit(CompiledNetwork network, int[] sizes, TestDataSet set)
    {
        var ports = network.InputsAt(sizes);
        return ports
            .Zip(network.Inputs)
            .Where(p => set.Inputs.FirstOrDefault(i => i.Name == p.First.Name)?.Type != p.First.Type)
            .Select(p => p.Second)
            .FirstOrDefault();
    }

    /// <summary>The smallest sizes, those in the middle, and the largest.</summary>
    private static List<int[]> Some(SizeTable? sizes) =>
        sizes is null
            ?
            [
                [],
            ]
            :
            [
                .. new Func<DimensionRange, int>[] { r => r.Smallest, r => (int)(((long)r.Smallest + r.Largest) / 2), r => r.Largest }
                    .Select(size => sizes.Ranges.Select(size).ToArray())
                    .DistinctBy(s => string.Join(",", s)),
            ];

    private static double Combinations(SizeTable sizes) => sizes.Ranges.Aggregate(1.0, (product, r) => product * r.Count);

    private static List<int[]> All(SizeTable sizes)
    {
        IEnumerable<int[]> combinations =
        [
            [],
        ];
        foreach (var range in sizes.Ranges)
        {
            combinations = combinations.SelectMany(c =>
                Enumerable.Range(range.Smallest, (int)range.Count).Select(size => (int[])[.. c, size])
            );
        }

        return [.. combinations];
    }
}
