namespace ModelCompiler.Compression.Search;

/// <summary>A design whose cost is known, whether or not it was trained.</summary>
/// <param name="Design">The design.</param>
/// <param name="Size">What it costs.</param>
/// <param name="Objective">The same as one number, see <see cref="ModelSize.Against"/>.</param>
public sealed record Candidate(Design Design, ModelSize Size, double Objective);

/// <summary>Everything that a search has found out so far. It grows, and all decisions follow from it.</summary>
public sealed class SearchKnowledge
{
    private readonly List<Trial> _trials = [];
    private readonly List<Candidate> _candidates = [];
    private readonly Dictionary<(string Family, int Permille), List<Trial>> _priced = [];

    // In docs/results/compress/1/search.log the two are 0.6 points apart after the shortest training, and 1.1 after the next.
    private const int LevelThatTells = 1;

    /// <summary>Begins with the plain quantisation of the original.</summary>
    /// <param name="space">What is searched.</param>
    /// <param name="goal">What for.</param>
    /// <param name="originalAccuracy">Accuracy of the original on the validation items, 0 to 1.</param>
    /// <param name="baseline">The plain quantisation, measured.</param>
    public SearchKnowledge(SearchSpace space, SearchGoal goal, double originalAccuracy, Trial baseline)
    {
        (Space, Goal, OriginalAccuracy, Baseline) = (space, goal, originalAccuracy, baseline);
        Add(baseline);
    }

    /// <summary>What is searched.</summary>
    public SearchSpace Space { get; }

    /// <summary>What for.</summary>
    public SearchGoal Goal { get; }

    /// <summary>Accuracy of the original on the validation items, 0 to 1.</summary>
    public double OriginalAccuracy { get; }

    /// <summary>What everything is compared with.</summary>
    public Trial Baseline { get; }

    /// <summary>All designs that were measured or failed, in the order in which that became known.</summary>
    public IReadOnlyList<Trial> Trials => _trials;

    /// <summary>Designs that keep all limits and are worth training, by what they cost.</summary>
    public IReadOnlyList<Candidate> Candidates => _candidates;

    /// <summary>Every size that any design was found to have.</summary>
    public IReadOnlyList<ModelSize> Sizes => [.. _priced.Values.SelectMany(p => p).Concat(_trials).Select(t => t.Size).OfType<ModelSize>()];

    /// <summary>The smallest model that is accurate enough and keeps all limits; null where there is none.</summary>
    public Trial? Best =>
        _trials
            .Where(t => Passes(t) && Goal.Allows(t.Size!))
            .OrderBy(t => Objective(t.Size!))
            .ThenByDescending(t => t.Accuracy)
            .FirstOrDefault();

    /// <summary>Trials of one design that was trained with each recovery as long as tells, or failed.</summary>
    private IReadOnlyList<Trial>? Compared =>
        _trials
            .Where(t => t.Design.Permille > 0 && (t.Level == ComparedLevel || (t.Level > SearchSpace.Untrained && t.Failure is not null)))
            .GroupBy(t => t.Design with { Recovery = "" })
            .Select(g => g.DistinctBy(t => t.Design.Recovery).ToList())
            .FirstOrDefault(g => g.Count == Space.Recoveries.Count);

    /// <summary>What a model costs as one number.</summary>
    public double Objective(ModelSize size) => size.Against(Baseline.Size!);

    /// <summary>Percentage points that a measured model is behind the original.</summary>
    public double DropOf(Trial trial) => 100 * (OriginalAccuracy - trial.Accuracy!.Value);

    /// <summary>Whether a model is accurate enough.</summary>
    public bool Passes(Trial trial) => trial.IsMeasured && trial.Accuracy >= Goal.Floor(OriginalAccuracy);

    /// <summary>The trial of a design that was trained the longest; null where there is none.</summary>
    public Trial? LatestOf(Design design) =>
        _trials.Where(t => t.IsMeasured && t.IsOf(design)).OrderByDescending(t => t.Level).FirstOrDefault();

    /// <summary>Whether a design, or the channels that it has, could not be made.</summary>
    public bool HasFailed(Design design) => _trials.Any(t => t.Failure is not null && t.IsOf(design));

    /// <summary>
    /// What networks learn from: that which has made the most of the one design that was trained with each; the first of the table, and not
    /// <see cref="RecoveryIsKnown"/>, before there is one.
    /// </summary>
    public string Recovery => Compared?.MaxBy(t => t.Accuracy ?? 0)!.Design.Recovery ?? Space.Recoveries[0].Name;

    /// <summary>Whether it was found out what networks are to learn from.</summary>
    public bool RecoveryIsKnown => Compared is not null;

    /// <summary>The level up to which designs are trained with each recovery.</summary>
    public int ComparedLevel => Math.Min(LevelThatTells, Space.Highest);

    /// <summary>Shares of a way to take channels out whose cost is known, in order.</summary>
    public IReadOnlyList<int> PricedShares(string family) =>
        [.. _priced.Keys.Where(k => k.Family == family || k.Permille == 0).Select(k => k.Permille).Distinct().Order()];

    /// <summary>Takes in what a trial has come to.</summary>
    public void Add(Trial trial) => _trials.Add(trial);

    /// <summary>
    /// Takes in what one choice of channels costs in each form of weights. Designs that need not be trained are left out: those over a
    /// limit, those of which another has the same size, and harsher forms that are no smaller than a gentler one.
    /// </summary>
    /// <param name="untrained">A trial for each form, in the order of the table; fewer where one failed before its form.</param>
    public void AddPrices(IReadOnlyList<Trial> untrained)
    {
        _priced[(untrained[0].Design.Family, untrained[0].Design.Permille)] = [.. untrained];
        var least = double.PositiveInfinity;
        foreach (var trial in untrained)
        {
            if (trial.Size is not { } size)
            {
                _trials.Add(trial);
                continue;
            }

            var objective = Objective(size);
            var known = _candidates.Any(c => c.Size == size && c.Design.Form == trial.Design.Form);
            if (objective < least && !known && Goal.Allows(size))
            {
                _candidates.Add(new(trial.Design, size, objective));
            }

            least = Math.Min(least, objective);
        }
    }
}
