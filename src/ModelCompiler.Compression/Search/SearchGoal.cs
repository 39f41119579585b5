using System.Globalization;

namespace ModelCompiler.Compression.Search;

/// <summary>A limit to one of the numbers of a <see cref="ModelSize"/>.</summary>
/// <param name="Option">The option by which a user gives it.</param>
/// <param name="Limit">The most that is allowed.</param>
/// <param name="What">What is counted, for people.</param>
/// <param name="Of">The number.</param>
public sealed record SizeBudget(string Option, long Limit, string What, Func<ModelSize, long> Of)
{
    /// <summary>By how much a model is over the limit, as a share of it; 0 where it is not.</summary>
    public double Excess(ModelSize size) => Math.Max(0, (Of(size) - Limit) / (double)Math.Max(Limit, 1));
}

/// <summary>What a search is to find: the smallest model that is accurate enough.</summary>
/// <param name="MaxDrop">Percentage points of accuracy that may be lost against the original.</param>
/// <param name="Budgets">Limits that the model must keep besides.</param>
public sealed record SearchGoal(double MaxDrop, IReadOnlyList<SizeBudget> Budgets)
{
    /// <summary>A goal with the three limits that models are given.</summary>
    public static SearchGoal Of(double maxDrop, long? maxWeightBytes = null, long? maxMacs = null, long? maxArenaBytes = null) =>
        new(
            maxDrop,
            [
                .. new (string Option, long? Limit, string What, Func<ModelSize, long> Of)[]
                {
                    ("--max-weight-bytes", maxWeightBytes, "bytes of weights", s => s.WeightBytes),
                    ("--max-macs", maxMacs, "multiply-accumulate operations", s => s.Macs),
                    ("--max-arena", maxArenaBytes, "bytes of working memory", s => s.ArenaBytes),
                }
                    .Where(b => b.Limit is not null)
                    .Select(b => new SizeBudget(b.Option, b.Limit!.Value, b.What, b.Of)),
            ]
        );

    /// <summary>Whether a model keeps all limits.</summary>
    public bool Allows(ModelSize size) => Budgets.All(b => b.Excess(size) == 0);

    /// <summary>How far a model is over its limits, all together, as shares of them.</summary>
    public double Excess(ModelSize size) => Budgets.Sum(b => b.Excess(size));

    /// <summary>The least accuracy that is enough.</summary>
    public double Floor(double originalAccuracy) => originalAccuracy - (MaxDrop / 100);

    /// <summary>Says of each limit that models do not keep how far they got.</summary>
    public string Unmet(IReadOnlyCollection<ModelSize> reached) =>
        string.Join(
            "; ",
            Budgets.Select(b =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{b.Option} allows {b.Limit:N0} {b.What}, and the least that was reached is {reached.Min(b.Of):N0}"
                )
            )
        );
}
