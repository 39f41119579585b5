namespace ModelCompiler.Compression.Calibration;

/// <summary>
/// Where a range is cut: the magnitude beyond which numbers saturate. Candidates are the upper edges of a histogram's bins; the last one cuts nothing.
/// </summary>
public static class Clipping
{
    /// <summary>Cuts the range that a histogram's numbers have.</summary>
    /// <param name="range">From the lowest to the highest number.</param>
    /// <param name="histogram">Their magnitudes.</param>
    /// <param name="options">By which rule.</param>
    public static ValueRange Cut(ValueRange range, MagnitudeHistogram histogram, RangeOptions options)
    {
        var used = UsedBins(histogram);
        var bins = options.Rule switch
        {
            _ when used == 0 => 0,
            RangeRule.Percentile => BinsOfPercentile(histogram, options.Percentile, used),
            RangeRule.Entropy => BinsOfLeastDivergence(histogram, range, options.Steps, used),
            RangeRule.Mse => BinsOfLeastError(histogram, range, options.Steps, used),
            _ => used,
        };
        return bins == used ? range : At(range, bins * histogram.Width);
    }

    private static ValueRange At(ValueRange range, double threshold) =>
        new((float)Math.Max(range.Min, -threshold), (float)Math.Min(range.Max, threshold));

    private static int UsedBins(MagnitudeHistogram histogram) => histogram.Counts.LastIndexOfAnyExcept(0) + 1;

    private static int BinsOfPercentile(MagnitudeHistogram histogram, double percentile, int used)
    {
        var total = histogram.Zeros;
        foreach (var count in histogram.Counts)
        {
            total += count;
        }

        var wanted = total * (percentile / 100);
        var below = histogram.Zeros;
        for (var bins = 1; bins < used; bins++)
        {
            below += histogram.Counts[bins - 1];
            if (below >= wanted && below > histogram.Zeros)
            {
                return bins;
            }
        }

        return used;
    }

    /// <summary>The least of the squared errors, with each number in the middle of its bin; tries a few hundred thresholds.</summary>
    private static int BinsOfLeastError(MagnitudeHistogram histogram, ValueRange range, int steps, int used)
    {
        var (best, least) = (used, double.PositiveInfinity);
        for (var bins = used; bins > 0; bins -= MagnitudeHistogram.Bins / 512)
        {
            var threshold = bins * histogram.Width;
            var error = SquaredError(histogram.Counts[..used], bins, Extent(At(range, threshold)) / steps / histogram.Width);
            if (error < least)
            {
                (best, least) = (bins, error);
            }
        }

        return best;
    }

    /// <summary>Sum of the squared errors of rounding below the threshold, and of saturating above it; lengths count in bins.</summary>
    private static double SquaredError(ReadOnlySpan<long> counts, int threshold, double step)
    {
        var error = 0.0;
        for (var i = 0; i < counts.Length; i++)
        {
            var magnitude = i + 0.5;
            var distance = i < threshold ? magnitude - (step * Math.Round(magnitude / step)) : magnitude - threshold;
            // Of steps that are shorter than a bin the middle of the bin says nothing: its numbers lie anywhere in a step.
            error += counts[i] * (i < threshold && step < 1 ? step * step / 12 : distance * distance);
        }

        return error;
    }

    /// <summary>
    /// Divergence of the distribution as quantised (all bins that have numbers and fall on one integer get their mean) from the real one,
    /// whose last bin takes what is cut off. With sums up to each bin, a candidate costs as many steps as there are integers.
    /// </summary>
    private static int BinsOfLeastDivergence(MagnitudeHistogram histogram, ValueRange range, int steps, int used)
    {
        var counts = histogram.Counts.ToArray();
        var numbers = new double[used + 1];
        var filled = new int[used + 1];
        var entropies = new double[used + 1];
        for (var i = 0; i < used; i++)
        {
            numbers[i + 1] = numbers[i] + counts[i];
            filled[i + 1] = filled[i] + (counts[i] > 0 ? 1 : 0);
            entropies[i + 1] = entropies[i] + Entropy(counts[i]);
        }

        var (best, least) = (used, double.PositiveInfinity);
        for (var bins = used; bins > 0; bins--)
        {
            // The integers that magnitudes up to the threshold fall on: all of them where numbers have one sign, half where they have both.
            var threshold = bins * histogram.Width;
            var levels = (int)Math.Ceiling(steps * threshold / Extent(At(range, threshold)));
            if (levels >= bins)
            {
                break;
            }

            if (Divergence(bins, levels) is var divergence && divergence < least)
            {
                (best, least) = (bins, divergence);
            }
        }

        return best;

        double Divergence(int bins, int levels)
        {
            var (total, last) = (numbers[used], (double)counts[bins - 1]);
            if (last == 0)
            {
                // What is cut off would be where the quantised distribution has nothing.
                return double.PositiveInfinity;
            }

            var real = last + total - numbers[bins];
            var cross = 0.0;
            var mean = 0.0;
            for (int level = 0, start = 0; level < levels; level++)
            {
                var end = (int)((long)(level + 1) * bins / levels);
                var inside = numbers[end] - numbers[start];
                if (inside > 0)
                {
                    mean = inside / (filled[end] - filled[start]);
                    cross += inside * Math.Log(mean);
                }

                start = end;
            }

            cross += (real - last) * Math.Log(mean);
            var own = entropies[bins] - Entropy(last) + Entropy(real);
            return ((own - cross) / total) - Math.Log(total / numbers[bins]);
        }

        static double Entropy(double count) => count > 0 ? count * Math.Log(count) : 0;
    }

    /// <summary>Length of a range that is widened to 0, as scales are made of it.</summary>
    private static double Extent(ValueRange range) => Math.Max((double)range.Max, 0) - Math.Min((double)range.Min, 0);
}
