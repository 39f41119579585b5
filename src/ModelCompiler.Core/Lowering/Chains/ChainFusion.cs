namespace ModelCompiler.Lowering.Chains;

/// <summary>
/// Joins calls into chains where that lowers what is in memory at once: greedily, the pair of neighbours that helps most first.
/// A chain of many narrow rows costs calls, so what does not help is left as it is.
/// </summary>
internal static class ChainFusion
{
    /// <summary>Less than this share of the objective is no improvement.</summary>
    private const double LeastGain = 0.02;

    /// <summary>How far the objective looks at the fullest steps alone: loads are raised to this power and summed.</summary>
    private const int Sharpness = 32;

    /// <summary>The calls with chains in the place of those that they are made of.</summary>
    public static IReadOnlyList<KernelCall> Fuse(IReadOnlyList<KernelCall> calls, ArenaLoad load)
    {
        var candidates = Enumerable.Range(0, Math.Max(0, calls.Count - 1)).Where(i => CanJoin(calls, i, load)).ToList();
        var joined = new bool[calls.Count];
        var best = calls;
        var objective = Objective(best, load, load.Peak(calls));
        while (candidates.Count > 0)
        {
            var trials = candidates.Select(i => (Index: i, Calls: Join(calls, joined, i))).ToList();
            var (index, trial, value) = trials
                .Select(t => (t.Index, t.Calls, Value: Objective(t.Calls, load, load.Peak(calls))))
                .OrderBy(t => t.Value)
                .ThenBy(t => t.Index)
                .First();
            if (value > objective * (1 - LeastGain))
            {
                break;
            }

            joined[index] = true;
            candidates.Remove(index);
            (best, objective) = (trial, value);
        }

        return best;
    }

    private static bool CanJoin(IReadOnlyList<KernelCall> calls, int index, ArenaLoad load) =>
        ChainBuilder.IsStage(calls[index])
        && ChainBuilder.IsStage(calls[index + 1])
        && ChainBuilder.CanFollow(calls[index + 1])
        && load.IsPassedOn(calls[index].Outputs[0], calls[index + 1]);

    /// <summary>The calls, joined with their successors where that is decided, and at one more place.</summary>
    private static IReadOnlyList<KernelCall> Join(IReadOnlyList<KernelCall> calls, bool[] joined, int more)
    {
        var result = new List<KernelCall>();
        for (var i = 0; i < calls.Count; i++)
        {
            var end = i;
            while (joined[end] || end == more)
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
