namespace ModelCompiler.Lowering.Chains;

/// <summary>
/// Joins calls into chains where that lowers what is in memory at once: greedily, the run of neighbours that helps most first.
/// A chain of many narrow rows costs calls, so what does not help is left as it is.
/// </summary>
internal static class ChainFusion
{
    /// <summary>Less than this share of the objective is no improvement.</summary>
    private const double LeastGain = 0.02;

    /// <summary>How far the objective looks at the fullest steps alone: loads are raised to this power and summed.</summary>
    private const int Sharpness = 32;

    /// <summary>Most neighbours that are joined in one step: a chain may pay only once it reaches a small tensor.</summary>
    private const int LongestStep = 4;

    /// <summary>The calls with chains in the place of those that they are made of.</summary>
    public static IReadOnlyList<KernelCall> Fuse(IReadOnlyList<KernelCall> calls, ArenaLoad load)
    {
        var candidates = new HashSet<int>(Enumerable.Range(0, Math.Max(0, calls.Count - 1)).Where(i => CanJoin(calls, i, load)));
        var joined = new HashSet<int>();
        var best = calls;
        var scale = load.Peak(calls);
        var objective = Objective(best, load, scale);
        while (true)
        {
            var trials = Steps(candidates, joined)
                .Select(step => (Step: step, Calls: Join(calls, index => joined.Contains(index) || step.Contains(index))))
                .Select(t => (t.Step, t.Calls, Value: Objective(t.Calls, load, scale)))
                .ToList();
            if (trials.Count == 0 || trials.Min(t => t.Value) > objective * (1 - LeastGain))
            {
                return best;
            }

            // Of equals the first, and of those the shortest, as Steps lists them.
            (var chosen, best, objective) = trials.OrderBy(t => t.Value).First();
            joined.UnionWith(chosen);
        }
    }

    /// <summary>Runs of neighbours that can be joined and are not all joined yet.</summary>
    private static IEnumerable<HashSet<int>> Steps(HashSet<int> candidates, HashSet<int> joined)
    {
        foreach (var first in candidates.OrderBy(i => i))
        {
            for (var length = 1; length <= LongestStep && candidates.Contains(first + length - 1); length++)
            {
                if (!joined.Contains(first + length - 1))
                {
                    yield return [.. Enumerable.Range(first, length)];
                }
            }
        }
    }

    private static bool CanJoin(IReadOnlyList<KernelCall> calls, int index, ArenaLoad load) =>
        ChainBuilder.IsStage(calls[index])
        && ChainBuilder.IsStage(calls[index + 1])
        && ChainBuilder.CanFollow(calls[index + 1])
        && load.IsPassedOn(calls[index].Outputs[0], calls[index + 1]);

    /// <summary>The calls, joined with their successors where that is decided.</summary>
    private static IReadOnlyList<KernelCall> Join(IReadOnlyList<KernelCall> calls, Func<int, bool> isJoined)
    {
        var result = new List<KernelCall>();
        for (var i = 0; i < calls.Count; i++)
        {
            var end = i;
            while (isJoined(end))
            {
                end++;
            }

            result.Add(end == i ? calls[i] : ChainBuilder.Build([.. calls.Skip(i).Take(end - i + 1)]));
            i = end;
        }

        return result;
    }

    private static double Objective(IReadOnlyList<KernelCall> calls, ArenaLoad load, long scale) =>
        load.Of(calls).Sum(bytes => Math.Pow((double)bytes / Math.Max(1, scale), Sharpness));
}
