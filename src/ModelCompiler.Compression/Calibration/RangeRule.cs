namespace ModelCompiler.Compression.Calibration;

/// <summary>How what samples give becomes one range.</summary>
public enum RangeRule
{
    /// <summary>From the lowest to the highest element of all samples.</summary>
    MinMax,

    /// <summary>From the mean of the samples' lowest elements to the mean of their highest: single outliers are cut off.</summary>
    Average,

    /// <summary>
    /// The same with exponential weights, so that the last samples count most and those before 1 / (1 − momentum) hardly; the weights of the
    /// samples seen have a sum of 1, so that the first one counts no more than its share.
    /// </summary>
    MovingAverage,

    /// <summary>That of all samples, cut where a given share of the magnitudes lies below.</summary>
    Percentile,

    /// <summary>That of all samples, cut where the quantised distribution of magnitudes diverges least from the real one (Kullback-Leibler).</summary>
    Entropy,

    /// <summary>That of all samples, cut where the mean squared error of rounding and cutting is least.</summary>
    Mse,
}

/// <summary>Choices about ranges.</summary>
/// <param name="Rule">How what samples give becomes one range.</param>
/// <param name="Percentile">Share of the magnitudes, in percent, that <see cref="RangeRule.Percentile"/> keeps.</param>
/// <param name="Steps">Number of steps between the integers that a range is spread over.</param>
/// <param name="Momentum">What a sample still weighs after the next one, with <see cref="RangeRule.MovingAverage"/>; above 0, below 1.</param>
public sealed record RangeOptions(
    RangeRule Rule = RangeRule.MinMax,
    double Percentile = 99.99,
    int Steps = byte.MaxValue,
    double Momentum = 0.99
);
