namespace ModelCompiler.Compression.Search;

/// <summary>The trials that no other trial beats.</summary>
public static class ParetoFront
{
    /// <summary>
    /// Measured trials, cheapest first, without those that another one beats: with no more operations, no more bytes of weights and no less
    /// accuracy, and better in one of them. Of equal ones the first is kept.
    /// </summary>
    public static IReadOnlyList<Trial> Of(IEnumerable<Trial> trials, ModelSize baseline)
    {
        var measured = trials.Where(t => t.IsMeasured).ToList();
        return
        [
            .. measured
                .Where((t, i) => !measured.Where((other, j) => j != i && (Beats(other, t) || (j < i && Equals(other, t)))).Any())
                .OrderBy(t => t.Size!.Against(baseline))
                .ThenByDescending(t => t.Accuracy),
        ];
    }

    private static bool Beats(Trial a, Trial b) =>
        a.Size!.Macs <= b.Size!.Macs && a.Size.WeightBytes <= b.Size.WeightBytes && a.Accuracy >= b.Accuracy && !Equals(a, b);

    private static bool Equals(Trial a, Trial b) => Values(a) == Values(b);

    private static (long, long, double?) Values(Trial t) => (t.Size!.Macs, t.Size.WeightBytes, t.Accuracy);
}
