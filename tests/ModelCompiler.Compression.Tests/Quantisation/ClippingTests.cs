using CsCheck;
using ModelCompiler.Compression.Calibration;

namespace ModelCompiler.Compression.Tests.Quantisation;

public sealed class ClippingTests
{
    private static readonly float[] Bell = [.. Normal(20_000)];

    [Fact]
    public void A_histogram_is_the_same_whichever_way_the_numbers_come() =>
        Gen.Float[-1000, 1000]
            .Array[1, 50]
            .Sample(
                numbers =>
                {
                    var grown = new MagnitudeHistogram();
                    foreach (var number in numbers.OrderBy(MathF.Abs))
                    {
                        Add(grown, number);
                    }

                    var largest = numbers.Max(MathF.Abs);
                    Assert.Equal(largest, grown.Largest);
                    Assert.True(grown.Width * MagnitudeHistogram.Bins >= largest);
                    var expected = new long[MagnitudeHistogram.Bins];
                    foreach (var number in numbers.Where(n => n != 0))
                    {
                        expected[Math.Min((int)(Math.Abs((double)number) * (1 / grown.Width)), MagnitudeHistogram.Bins - 1)]++;
                    }

                    Assert.Equal(expected, grown.Counts.ToArray());
                    Assert.Equal(numbers.Length, grown.Zeros + expected.Sum());
                },
                iter: 200
            );

    [Theory]
    [InlineData(50, 0.67f)]
    [InlineData(95, 1.96f)]
    [InlineData(100, 100f)]
    public void A_percentile_keeps_its_share_of_the_magnitudes(double percentile, float expected)
    {
        var range = Cut([.. Bell, 100, -3], new RangeOptions(RangeRule.Percentile, percentile));
        // Bins are 0.05 wide.
        Assert.Equal(expected, range.Max, 0.08f);
        Assert.Equal(-MathF.Min(range.Max, -Bell.Min()), range.Min, 1e-6f);
    }

    [Theory]
    [InlineData(RangeRule.Entropy)]
    [InlineData(RangeRule.Mse)]
    public void Outliers_are_cut_off_and_the_bulk_is_kept(RangeRule rule)
    {
        var range = Cut([.. Bell, 40], new RangeOptions(rule, Steps: 31));
        Assert.InRange(range.Max, 2.5f, 25);
        Assert.InRange(range.Min, Bell.Min(), -2.5f);
    }

    [Theory]
    [InlineData(RangeRule.Percentile)]
    [InlineData(RangeRule.Entropy)]
    [InlineData(RangeRule.Mse)]
    public void Numbers_spread_evenly_are_not_cut(RangeRule rule)
    {
        float[] even = [.. Enumerable.Range(1, 20_000).Select(i => i / 1000f)];
        Assert.InRange(Cut(even, new RangeOptions(rule)).Max, 19.8f, 20);
        Assert.Equal(new ValueRange(0, 0), Cut([0, 0], new RangeOptions(rule)));
        Assert.InRange(Cut([-2, -2], new RangeOptions(rule)).Min, -2, -1.99f);
    }

    [Fact]
    public void The_least_error_is_that_of_all_thresholds_tried_on_the_numbers_themselves()
    {
        float[] numbers = [.. Bell.Select(x => x * x * x)];
        var whole = ValueRange.Of(numbers);
        var chosen = Error(Cut(numbers, new RangeOptions(RangeRule.Mse, Steps: 31)));
        var largest = numbers.Max(MathF.Abs);
        var least = Enumerable
            .Range(1, 100)
            .Select(i => largest * i / 100)
            .Min(t => Error(new(MathF.Max(whole.Min, -t), MathF.Min(whole.Max, t))));
        Assert.InRange(chosen, 0, least * 1.1);
        Assert.InRange(chosen, 0, Error(whole) * 0.9);

        double Error(ValueRange range)
        {
            var scale = Compression.Quantisation.AffineScale.Of(range, signed: false, bits: 5);
            return numbers.Sum(x => Math.Pow(((scale.Quantise(x) - scale.ZeroPoint) * (double)scale.Scale) - x, 2));
        }
    }

    [Fact]
    public void More_steps_cut_less()
    {
        float[] numbers = [.. Bell, 40];
        foreach (var rule in new[] { RangeRule.Entropy, RangeRule.Mse })
        {
            var (few, many) = (Cut(numbers, new RangeOptions(rule, Steps: 15)), Cut(numbers, new RangeOptions(rule, Steps: 65535)));
            Assert.True(few.Max < many.Max, rule.ToString());
            Assert.InRange(many.Max, 35, 40);
        }
    }

    private static ValueRange Cut(float[] numbers, RangeOptions options)
    {
        var histogram = new MagnitudeHistogram();
        var range = ValueRange.Of(numbers);
        histogram.Add(numbers, range);
        return Clipping.Cut(range, histogram, options);
    }

    private static void Add(MagnitudeHistogram histogram, float number) => histogram.Add([number], new ValueRange(number, number));

    private static IEnumerable<float> Normal(int count)
    {
        var random = new Random(11);
        return Enumerable
            .Range(0, count)
            .Select(_ => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())));
    }
}
