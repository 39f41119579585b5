namespace ModelCompiler.Compression.Anomalies;

/// <summary>What a network's errors and a threshold find in items.</summary>
/// <param name="Threshold">The error above which there is an alarm.</param>
/// <param name="Errors">The error of each item.</param>
/// <param name="Alarms">Whether each item has an alarm.</param>
/// <param name="Counts">How far alarms are right; null where nothing says which items are anomalous.</param>
/// <param name="AreaUnderRoc">Area under the <see cref="RocCurve"/>; null where that is not known, or all items are of one kind.</param>
public sealed record AnomalyDetection(
    double Threshold,
    IReadOnlyList<double> Errors,
    IReadOnlyList<bool> Alarms,
    DetectionCounts? Counts,
    double? AreaUnderRoc
)
{
    // Of errors that are computed in float32, in whatever order sums are taken; an alarm that hangs on less is no difference.
    private const double Rounding = 1e-3;

    /// <summary>Mean error of the items.</summary>
    public double MeanError => Errors.Average();

    /// <summary>
    /// To how many items only one of two detections gives an alarm, though their errors, as multiples of their thresholds, differ by more
    /// than a thousandth.
    /// </summary>
    /// <param name="other">What another network, or another way to run the same, finds in the same items.</param>
    public int DifferentAlarms(AnomalyDetection other) =>
        Enumerable
            .Range(0, Errors.Count)
            .Count(i =>
                Alarms[i] != other.Alarms[i] && Math.Abs((Errors[i] / Threshold) - (other.Errors[i] / other.Threshold)) is not <= Rounding
            );

    /// <summary>Looks for anomalies.</summary>
    /// <param name="normal">Errors of items that are taken to be normal.</param>
    /// <param name="quantile">The <see cref="ErrorThreshold"/> among them.</param>
    /// <param name="errors">Errors of the items that are looked at.</param>
    /// <param name="anomalous">Which of these are anomalous; null where that is not known.</param>
    /// <exception cref="CompressionException">There is no threshold.</exception>
    public static AnomalyDetection Of(
        IReadOnlyCollection<double> normal,
        double quantile,
        IReadOnlyList<double> errors,
        IReadOnlyList<bool>? anomalous
    )
    {
        var threshold = ErrorThreshold.Of(normal, quantile);
        bool[] alarms = [.. errors.Select(e => e > threshold)];
        return new(
            threshold,
            errors,
            alarms,
            anomalous is null ? null : DetectionCounts.Of(alarms, anomalous),
            anomalous is null ? null : RocCurve.Area(errors, anomalous)
        );
    }
}
