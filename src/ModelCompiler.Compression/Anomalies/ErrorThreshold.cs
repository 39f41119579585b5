namespace ModelCompiler.Compression.Anomalies;

/// <summary>The error above which an item is called anomalous.</summary>
public static class ErrorThreshold
{
    /// <summary>
    /// A quantile of the errors of items that are normal, between two of them in proportion (R's type 7, which most libraries have): of
    /// the errors of as many more, a share of 1 − quantile is above it.
    /// </summary>
    /// <param name="errors">Errors, in any order.</param>
    /// <param name="quantile">0 for the least error to 1 for the largest.</param>
    /// <exception cref="CompressionException">There are none, or some are no finite numbers.</exception>
    public static double Of(IReadOnlyCollection<double> errors, double quantile)
    {
        if (errors.Count == 0)
        {
            throw new CompressionException("a threshold needs the errors of normal items, and there are none");
        }

        if (errors.Count(e => !double.IsFinite(e)) is > 0 and var infinite)
        {
            throw new CompressionException(
                $"the network gives what is no number for {infinite} of the {errors.Count} items that the threshold comes from"
            );
        }

        double[] sorted = [.. errors.Order()];
        var place = quantile * (sorted.Length - 1);
        var below = (int)place;
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((place - below) * (sorted[above] - sorted[below]));
    }
}
