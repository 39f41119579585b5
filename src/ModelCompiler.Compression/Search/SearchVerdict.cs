using System.Globalization;

namespace ModelCompiler.Compression.Search;

/// <summary>What a search ends with.</summary>
/// <param name="Chosen">The smallest model that is good enough or, where there is none, the one that comes nearest.</param>
/// <param name="Shortfall">What it lacks, as a sentence; null where it is good enough.</param>
public sealed record SearchVerdict(Trial Chosen, string? Shortfall)
{
    /// <summary>Chooses among what is known.</summary>
    public static SearchVerdict Of(SearchKnowledge knowledge)
    {
        if (knowledge.Best is { } best)
        {
            return new(best, null);
        }

        var goal = knowledge.Goal;
        var measured = knowledge.Trials.Where(t => t.IsMeasured).ToList();
        if (measured.Where(t => goal.Allows(t.Size!)).MaxBy(t => t.Accuracy) is { } allowed)
        {
            return new(
                allowed,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The most accurate model within the limits is {knowledge.DropOf(allowed):F2} percentage points behind the original; --max-drop allows {goal.MaxDrop}."
                )
            );
        }

        var nearest = measured
            .OrderByDescending(knowledge.Passes)
            .ThenBy(t => goal.Excess(t.Size!))
            .ThenByDescending(t => t.Accuracy)
            .First();
        return new(
            nearest,
            knowledge.Sizes.Any(goal.Allows)
                ? $"The time was over before a model within the limits was trained: {goal.Unmet([.. measured.Select(t => t.Size!)])}."
                : $"No model keeps the limits: {goal.Unmet([.. knowledge.Sizes])}."
        );
    }
}
