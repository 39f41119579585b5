namespace ModelCompiler.Compression.Anomalies;

/// <summary>What alarms come to, where it is known which items are anomalous.</summary>
/// <param name="TruePositives">Anomalous items with an alarm.</param>
/// <param name="FalsePositives">Normal items with an alarm.</param>
/// <param name="FalseNegatives">Anomalous items without.</param>
/// <param name="TrueNegatives">Normal items without.</param>
public sealed record DetectionCounts(int TruePositives, int FalsePositives, int FalseNegatives, int TrueNegatives)
{
    /// <summary>Number of anomalous items.</summary>
    public int Anomalous => TruePositives + FalseNegatives;

    /// <summary>Number of normal items.</summary>
    public int Normal => FalsePositives + TrueNegatives;

    /// <summary>Part of the alarms that are right, 0 to 1; null without alarms.</summary>
    public double? Precision => Ratio(TruePositives, TruePositives + FalsePositives);

    /// <summary>Part of the anomalous items that have an alarm, 0 to 1; null without anomalous items.</summary>
    public double? Recall => Ratio(TruePositives, Anomalous);

    /// <summary>Harmonic mean of precision and recall, 0 to 1: 2·TP / (2·TP + FP + FN); null without anomalous items.</summary>
    public double? F1 => Anomalous == 0 ? null : Ratio(2 * TruePositives, (2 * TruePositives) + FalsePositives + FalseNegatives);

    /// <summary>Part of the normal items that have an alarm, 0 to 1 (false-alarm rate, FAR); null without normal items.</summary>
    public double? FalseAlarmRate => Ratio(FalsePositives, Normal);

    /// <summary>Part of the anomalous items that have none, 0 to 1 (missed-alarm rate, MAR); null without anomalous items.</summary>
    public double? MissedAlarmRate => Ratio(FalseNegatives, Anomalous);

    /// <summary>Counts.</summary>
    /// <param name="alarms">Whether each item has an alarm.</param>
    /// <param name="anomalous">Whether each is anomalous.</param>
    public static DetectionCounts Of(IReadOnlyList<bool> alarms, IReadOnlyList<bool> anomalous)
    {
        return new(Count(true, true), Count(true, false), Count(false, true), Count(false, false));

        int Count(bool alarm, bool anomaly) => alarms.Zip(anomalous).Count(i => i.First == alarm && i.Second == anomaly);
    }

    private static double? Ratio(int part, int all) => all == 0 ? null : (double)part / all;
}
