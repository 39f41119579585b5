namespace ModelCompiler.Cli.Reports.Html;

/// <summary>Round numbers for the axes of pictures.</summary>
internal static class Ticks
{
    /// <summary>Multiples of 1, 2 or 5 times a power of ten between two numbers, at most so many.</summary>
    /// <param name="low">The least.</param>
    /// <param name="high">The largest; more than <paramref name="low"/>.</param>
    /// <param name="most">How many there may be, at least 2.</param>
    /// <param name="unit">What is counted in, for example 1024 for bytes that are read as KiB.</param>
    public static IReadOnlyList<double> Between(double low, double high, int most, double unit = 1)
    {
        var least = (high - low) / unit / most;
        var power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        var step = new[] { 1, 2, 5, 10 }.Select(f => f * power).First(s => s >= least || s >= 10 * power) * unit;
        var first = Math.Ceiling(low / step);
        return [.. Enumerable.Range(0, (int)(Math.Floor(high / step) - first) + 1).Select(i => (first + i) * step)];
    }
}
