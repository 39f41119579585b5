namespace ModelCompiler.Compression.Search;

/// <summary>What is to be tried next.</summary>
/// <param name="Candidate">The design.</param>
/// <param name="Level">How long it is trained.</param>
public sealed record Proposal(Candidate Candidate, int Level);

/// <summary>
/// Decides what is tried next, from what is known alone: the trial with the most improvement to be expected for its time. So short trainings
/// come first, and long ones are for designs that have shown something; about the floor of accuracy, shares are tried ever more finely.
/// </summary>
public static class SearchPolicy
{
    // What is not smaller by this much is not worth a training.
    private const double LeastGain = 0.002;
    private const double LeastChance = 0.02;

    // The finest difference between shares of channels that is tried, in thousandths.
    private const int FinestShare = 15;

    // Trials may take longer than those before them.
    private const double Caution = 1.25;

    /// <summary>The next trial; null where none is worth its time or has the time to end.</summary>
    /// <param name="knowledge">What is known.</param>
    /// <param name="originalId">The name of the original model.</param>
    /// <param name="running">Designs that are being tried.</param>
    /// <param name="left">Time that is left.</param>
    public static Proposal? Next(SearchKnowledge knowledge, string originalId, IReadOnlyCollection<Design> running, TimeSpan left)
    {
        var time = new TimeModel(knowledge, originalId);
        bool IsPossible(Proposal p) =>
            !knowledge.HasFailed(p.Candidate.Design)
            && !running.Any(p.Candidate.Design.SharesTraining)
            && time.Estimate(p.Candidate, p.Level) * Caution <= left.TotalSeconds;

        return Comparisons(knowledge, running).FirstOrDefault(IsPossible) ?? MostPromising(knowledge, time, IsPossible);
    }

    /// <summary>
    /// Until it is known what networks are to learn from, the first design with fewer channels is trained with each recovery, before others
    /// are trained in vain.
    /// </summary>
    private static IEnumerable<Proposal> Comparisons(SearchKnowledge knowledge, IReadOnlyCollection<Design> running)
    {
        var compared = knowledge
            .Trials.Where(t => t.Level > SearchSpace.Untrained)
            .Select(t => t.Design)
            .Concat(running)
            .Where(d => d.Permille > 0)
            .Select(d => knowledge.Candidates.FirstOrDefault(c => d == c.Design with { Recovery = d.Recovery }))
            .FirstOrDefault(c => c is not null);
        return knowledge.RecoveryIsKnown || compared is null
            ? []
            : knowledge
                .Space.Recoveries.Select(r => Next(knowledge, compared, r.Name))
                .Where(p => p.Level <= knowledge.ComparedLevel)
                .OrderBy(p => p.Level);
    }

    private static Proposal? MostPromising(SearchKnowledge knowledge, TimeModel time, Func<Proposal, bool> isPossible)
    {
        var accuracy = new AccuracyModel(knowledge);
        var reached = knowledge.Best is { } best
            ? knowledge.Objective(best.Size!)
            : knowledge.Candidates.Select(c => c.Objective).DefaultIfEmpty(0).Max() + (2 * LeastGain);
        return knowledge
            .Candidates.Where(c => reached - c.Objective > LeastGain)
            .Select(c => Next(knowledge, c, knowledge.Recovery))
            .Where(p => p.Level <= knowledge.Space.Highest && isPossible(p))
            .Select(p => (Proposal: p, Chance: accuracy.Predict(p.Candidate).ChanceOf(knowledge.Goal.MaxDrop)))
            .Where(p => p.Chance > LeastChance)
            .OrderByDescending(p => p.Chance * (reached - p.Proposal.Candidate.Objective) / Price(p.Proposal))
            .Select(p => p.Proposal)
            .FirstOrDefault();

        // By the next stage alone, every design would get a short training before any got a long one; by all stages, the first would get all.
        // A second is the least that starting anything takes.
        double Price(Proposal p) =>
            Math.Sqrt((1 + time.Estimate(p.Candidate, p.Level)) * (1 + time.Estimate(p.Candidate, knowledge.Space.Highest)));
    }

    /// <summary>Pruned networks must be trained to be good for anything; those with all their channels are worth a look before.</summary>
    private static Proposal Next(SearchKnowledge knowledge, Candidate candidate, string recovery)
    {
        var design = candidate.Design with { Recovery = recovery };
        var level =
            knowledge.LatestOf(design) is { } latest ? latest.Level + 1
            : design.Permille == 0 ? SearchSpace.Untrained
            : 0;
        return new(candidate with { Design = design }, level);
    }

    /// <summary>
    /// Choices of channels whose cost should become known: halfway between the best share and the next larger one, and between the least
    /// share that is too much for a form of weights and the next smaller one, until shares are next to each other.
    /// </summary>
    public static IReadOnlyList<(string Family, int Permille)> Refinements(SearchKnowledge knowledge) =>
        [
            .. knowledge
                .Space.Families.SelectMany(f =>
                    Gaps(knowledge, f.Name, knowledge.PricedShares(f.Name))
                        .Where(g => g.Larger - g.Smaller >= 2 * FinestShare)
                        .Select(g => (f.Name, (g.Larger + g.Smaller) / 2))
                )
                .Distinct(),
        ];

    private static IEnumerable<(int Smaller, int Larger)> Gaps(SearchKnowledge knowledge, string family, IReadOnlyList<int> shares)
    {
        if (knowledge.Best is not { } best)
        {
            yield break;
        }

        if (best.Design.Permille == 0 || best.Design.Family == family)
        {
            yield return (best.Design.Permille, shares.Where(s => s > best.Design.Permille).DefaultIfEmpty(0).First());
        }

        foreach (var form in knowledge.Space.Forms)
        {
            var tooMuch = knowledge
                .Trials.Where(t => t.Level == knowledge.Space.Highest && t.IsMeasured && !knowledge.Passes(t))
                .Where(t => (t.Design.Family, t.Design.Form, t.Design.Recovery) == (family, form.Name, knowledge.Recovery))
                .MinBy(t => t.Design.Permille);
            // Between two shares that both cost more than the best there is nothing to find.
            if (tooMuch is not null && knowledge.Objective(tooMuch.Size!) < knowledge.Objective(best.Size!) - LeastGain)
            {
                yield return (shares.Last(s => s < tooMuch.Design.Permille), tooMuch.Design.Permille);
            }
        }
    }
}
