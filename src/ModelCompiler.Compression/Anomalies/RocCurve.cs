namespace ModelCompiler.Compression.Anomalies;

/// <summary>The receiver operating characteristic: what share of the anomalous items every threshold finds, over the share of false alarms.</summary>
public static class RocCurve
{
    /// <summary>
    /// The area under it, 0 to 1: the probability that an anomalous item has a larger error than a normal one, where equal errors count
    /// half (Hanley and McNeil 1982; Mann and Whitney's U from the sum of ranks). Null where items of one kind are missing.
    /// </summary>
    /// <param name="errors">The error of each item.</param>
    /// <param name="anomalous">Whether each is anomalous.</param>
    public static double? Area(IReadOnlyList<double> errors, IReadOnlyList<bool> anomalous)
    {
        var positives = (double)anomalous.Count(a => a);
        var negatives = anomalous.Count - positives;
        if (positives == 0 || negatives == 0)
        {
            return null;
        }

        var (ranks, before) = (0.0, 0);
        foreach (var equal in errors.Zip(anomalous).GroupBy(i => i.First).OrderBy(g => g.Key))
        {
            var count = equal.Count();
            // Items of equal errors share the mean of their ranks, from 1.
            ranks += equal.Count(i => i.Second) * (before + ((count + 1) / 2.0));
            before += count;
        }

        return (ranks - (positives * (positives + 1) / 2)) / (positives * negatives);
    }
}
