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
        var (accuracy, time) = (new AccuracyModel(knowledge), new TimeModel(knowledge, originalId));
        var reached = knowledge.Best is { } best
            ? knowledge.Objective(best.Size!)
            : knowledge.Candidates.Select(c => c.Objective).DefaultIfEmpty(0).Max() + (2 * LeastGain);
        return knowledge
            .Candidates.Where(c => reached - c.Objective > LeastGain && !knowledge.HasFailed(c.Design))
            .Where(c => !running.Any(c.Design.SharesChannels))
            .Select(c => new Proposal(c, NextLevel(knowledge, c.Design)))
            .Where(p => p.Level <= knowledge.Space.Highest)
            .Select(p =>
                (Proposal: p, Chance: accuracy.Predict(p.Candidate).ChanceOf(knowledge.Goal.MaxDrop), Seconds: Seconds(p, p.Level))
            )
            .Where(p => p.Chance > LeastChance && p.Seconds * Caution <= left.TotalSeconds)
            .OrderByDescending(p => p.Chance * (reached - p.Proposal.Candidate.Objective) / Price(p.Proposal, p.Seconds))
            .Select(p => p.Proposal)
            .FirstOrDefault();

        double Seconds(Proposal p, int level) => time.Estimate(p.Candidate, level);

        // By the next stage alone, every design would get a short training before any got a long one; by all stages, the first would get all.
        // A second is the least that starting anything takes.
        double Price(Proposal p, double next) => Math.Sqrt((1 + next) * (1 + Seconds(p, knowledge.Space.Highest)));
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
                .Where(t => (t.Design.Family, t.Design.Form) == (family, form.Name))
                .MinBy(t => t.Design.Permille);
            // Between two shares that both cost more than the best there is nothing to find.
            if (tooMuch is not null && knowledge.Objective(tooMuch.Size!) < knowledge.Objective(best.Size!) - LeastGain)
            {
                yield return (shares.Last(s => s < tooMuch.Design.Permille), tooMuch.Design.Permille);
            }
        }
    }

    /// <summary>Pruned networks must be trained to be good for anything; those with all their channels are worth a look before.</summary>
    private static int NextLevel(SearchKnowledge knowledge, Design design) =>
        knowledge.LatestOf(design) is { } latest ? latest.Level + 1
        : design.Permille == 0 ? SearchSpace.Untrained
        : 0;
}
