namespace ModelCompiler.Compression.Search;

/// <summary>What a design is expected to lose.</summary>
/// <param name="Drop">Percentage points of accuracy, after the longest training.</param>
/// <param name="Deviation">How sure that is, as a standard deviation.</param>
internal readonly record struct ExpectedDrop(double Drop, double Deviation)
{
    /// <summary>Percentage points that a measurement is off by chance: drops below are all the same.</summary>
    public const double Noise = 0.15;

    /// <summary>
    /// The probability that no more is lost than may be; the logistic function stands for the normal distribution. Training divides drops:
    /// from two points to one is as far as from one to a half, and so the logarithms of drops are compared.
    /// </summary>
    public double ChanceOf(double maxDrop)
    {
        var drop = Math.Max(Drop, Noise);
        return 1 / (1 + Math.Exp(-1.702 * Math.Log(Math.Max(maxDrop, Noise) / drop) * drop / Deviation));
    }
}

/// <summary>
/// Predicts accuracy from what was measured. A design that was trained for a short time is expected to win back a part of its drop, a part
/// that is learnt from designs that were trained for longer. One that was not trained follows a curve over the operations that are left,
/// drawn towards designs that have about as many.
/// </summary>
internal sealed class AccuracyModel
{
    // Percentage points for 1/m − 1, where m is the share of the operations that is left, until something was measured.
    private const double UsualSlope = 0.3;

    // What is left of a drop after the next level of training; docs/results/compress/1/search.log has examples, from nothing to 0.64.
    private const double UsualRatio = 0.5;
    private const double RatioDeviation = 0.3;

    // Designs whose operations differ by this factor (e^0.35 = 1.4) tell little of each other.
    private const double Reach = 0.35;
    private const double OtherKind = 0.6;
    private const double UnknownDeviation = 0.8;

    private readonly SearchKnowledge _knowledge;
    private readonly List<Trial> _measured;
    private readonly double[] _ratios;
    private readonly List<(Design Design, double Left, ExpectedDrop Drop)> _observed;
    private readonly double _slope;

    public AccuracyModel(SearchKnowledge knowledge)
    {
        _knowledge = knowledge;
        // What was learnt from something else says nothing of what is still to be trained.
        _measured =
        [
            .. knowledge
                .Trials.Where(t => t.IsMeasured)
                .Select(t => (Trial: t, Design: t.Design with { Recovery = knowledge.Recovery }))
                .Where(t => t.Trial.IsOf(t.Design))
                .Select(t => t.Trial with { Design = t.Design }),
        ];
        // The ratio at index i is that of the drop at level i to that at level i − 1.
        _ratios = [.. Enumerable.Range(0, knowledge.Space.Efforts.Count).Select(RatioOf)];
        _observed = [.. _measured.GroupBy(t => t.Design).Select(g => g.MaxBy(t => t.Level)!).Select(t => (t.Design, Left(t.Size!), Of(t)))];
        // Least squares, with one observation's worth of what is usual.
        _slope =
            (UsualSlope + _observed.Sum(o => Worth(o.Drop) * (o.Drop.Drop - FormDrop(o.Design)) * Loss(o.Left)))
            / (1 + _observed.Sum(o => Worth(o.Drop) * Loss(o.Left) * Loss(o.Left)));
        _slope = Math.Max(_slope, 0);
    }

    /// <summary>What a design is expected to lose after the longest training.</summary>
    public ExpectedDrop Predict(Candidate candidate)
    {
        if (_knowledge.LatestOf(candidate.Design) is { } latest)
        {
            return Of(latest);
        }

        var left = Left(candidate.Size);
        var near = _observed
            .Select(o => (Weight: Weight(candidate.Design, left, o), Excess: o.Drop.Drop - Usual(o.Design, o.Left)))
            .ToList();
        const double usual = 0.3;
        var rest = near.Sum(n => n.Weight * n.Excess) / (near.Sum(n => n.Weight) + usual);
        var unknown = UnknownDeviation * (1 - near.Select(n => n.Weight).DefaultIfEmpty(0).Max());
        return new(Usual(candidate.Design, left) + rest, ExpectedDrop.Noise + unknown);
    }

    private double RatioOf(int level)
    {
        var ratios = _measured
            .GroupBy(t => t.Design)
            .Select(g => (Before: g.FirstOrDefault(t => t.Level == level - 1), After: g.FirstOrDefault(t => t.Level == level)))
            .Where(p => p.Before is not null && p.After is not null && _knowledge.DropOf(p.Before) > ExpectedDrop.Noise)
            .Select(p => Math.Clamp(_knowledge.DropOf(p.After!) / _knowledge.DropOf(p.Before!), 0, 1));
        return ratios.Append(UsualRatio).Average();
    }

    private ExpectedDrop Of(Trial trial)
    {
        var final = Final(_knowledge.DropOf(trial), trial.Level);
        var ahead = _knowledge.Space.Highest - trial.Level;
        return new(final, double.Hypot(ExpectedDrop.Noise, RatioDeviation * final * Math.Sqrt(ahead)));
    }

    private double Final(double drop, int level) =>
        drop <= 0 ? drop : drop * _ratios.Skip(level + 1).Aggregate(1.0, (product, ratio) => product * ratio);

    private double Usual(Design design, double left) => FormDrop(design) + (_slope * Loss(left));

    private double FormDrop(Design design) => _knowledge.Space.Forms.Single(f => f.Name == design.Form).ExpectedDrop;

    private double Left(ModelSize size) => Math.Max(size.Macs, 1) / (double)Math.Max(_knowledge.Baseline.Size!.Macs, 1);

    // What a design loses that was trained for a short time is hardly known, and says the less of others.
    private static double Worth(ExpectedDrop drop) => 1 / (1 + (drop.Deviation * drop.Deviation));

    private static double Loss(double left) => (1 / left) - 1;

    private static double Weight(Design design, double left, (Design Design, double Left, ExpectedDrop Drop) observed)
    {
        var distance = Math.Log(left / observed.Left) / Reach;
        return Math.Exp(-distance * distance)
            * Worth(observed.Drop)
            * (design.Family == observed.Design.Family ? 1 : OtherKind)
            * (design.Form == observed.Design.Form ? 1 : OtherKind);
    }
}
