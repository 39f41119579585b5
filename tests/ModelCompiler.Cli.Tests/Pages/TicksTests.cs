using ModelCompiler.Cli.Reports.Html;

namespace ModelCompiler.Cli.Tests.Pages;

public sealed class TicksTests
{
    [Theory]
    [InlineData(0, 1_050_000, 4, 1)]
    [InlineData(0, 43_000, 4, 1024)]
    [InlineData(0.8918, 0.9142, 6, 1)]
    [InlineData(0, 1, 4, 1)]
    public void Ticks_are_few_round_numbers_within_the_axis(double low, double high, int most, double unit)
    {
        var ticks = Ticks.Between(low, high, most, unit);

        Assert.InRange(ticks.Count, 2, most + 1);
        Assert.All(ticks, t => Assert.InRange(t, low - 1e-9, high + 1e-9));
        var step = (ticks[1] - ticks[0]) / unit;
        var digit = step / Math.Pow(10, Math.Floor(Math.Log10(step) + 1e-9));
        Assert.Contains(Math.Round(digit, 6), new[] { 1.0, 2, 5 });
    }
}
