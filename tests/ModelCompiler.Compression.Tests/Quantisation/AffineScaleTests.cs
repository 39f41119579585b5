using CsCheck;
using ModelCompiler.Compression.Calibration;
using ModelCompiler.Compression.Quantisation;

namespace ModelCompiler.Compression.Tests.Quantisation;

public sealed class AffineScaleTests
{
    [Theory]
    [InlineData(0f, 255f, false, 1f, 0)]
    [InlineData(-127.5f, 127.5f, false, 1f, 128)]
    [InlineData(-1f, 3f, false, 4f / 255, 64)]
    [InlineData(-1f, 3f, true, 4f / 255, -64)]
    [InlineData(2f, 51f, false, 0.2f, 0)]
    [InlineData(-51f, -2f, true, 0.2f, 127)]
    public void A_range_is_widened_to_zero_and_spread_over_the_integers(float min, float max, bool signed, float scale, int zeroPoint) =>
        Assert.Equal(new AffineScale(scale, zeroPoint, signed), AffineScale.Of(new ValueRange(min, max), signed));

    [Theory]
    [InlineData(0f, 3f, false, 4f / 256, 0)]
    [InlineData(0f, 4f, true, 4f / 128, 0)]
    [InlineData(-5f, 3f, false, 8f / 128, 128)]
    [InlineData(-5f, -1f, true, 8f / 128, 0)]
    [InlineData(0f, 0f, true, 1f, 0)]
    public void Fixed_point_has_a_power_of_two_for_a_scale(float min, float max, bool signed, float scale, int zeroPoint) =>
        Assert.Equal(new AffineScale(scale, zeroPoint, signed), AffineScale.PowerOfTwo(new ValueRange(min, max), signed));

    [Theory]
    [InlineData(0f, 0f)]
    [InlineData(0f, 1e-30f)]
    [InlineData(float.PositiveInfinity, float.NegativeInfinity)]
    public void Ranges_without_extent_give_a_scale_that_can_be_divided_by(float min, float max)
    {
        var scale = AffineScale.Of(new ValueRange(min, max), signed: false);
        Assert.True(float.IsNormal(scale.Scale) && float.IsNormal(scale.Scale * scale.Scale));
        Assert.Equal(0, scale.ZeroPoint);
    }

    [Fact]
    public void Zero_is_exact_and_every_number_of_the_range_is_within_a_step() =>
        Gen.Select(Gen.Float[-1000, 1000], Gen.Float[-1000, 1000], Gen.Float[0, 1], Gen.Bool, Gen.Bool.Select(wide => wide ? 16 : 8))
            .Sample(
                (a, b, part, signed, bits) =>
                {
                    var (min, max) = (MathF.Min(a, b), MathF.Max(a, b));
                    var scale = AffineScale.Of(new ValueRange(min, max), signed, bits);
                    Assert.Equal(0f, Dequantise(scale, scale.Quantise(0)));
                    var x = min + ((max - min) * part);
                    // Half a step by rounding, half a step by rounding the zero point.
                    var tolerance = (1.01f * scale.Scale) + ((1 << bits) * AffineScale.Smallest);
                    Assert.InRange(Dequantise(scale, scale.Quantise(x)), x - tolerance, x + tolerance);
                },
                iter: 1000
            );

    [Fact]
    public void Ranges_join_and_notice_what_is_not_a_number()
    {
        var range = ValueRange.Of([3, -2, 1]);
        Assert.Equal(new ValueRange(-2, 3), range);
        Assert.Equal(range, range.Join(ValueRange.Empty));
        Assert.Equal(new ValueRange(-2, 7), range.Join(new ValueRange(5, 7)));
        Assert.False(ValueRange.Of([1, float.NaN]).IsFinite);
        Assert.False(range.Join(ValueRange.Of([1, float.NaN])).IsFinite);
        Assert.False(ValueRange.Of([1, float.PositiveInfinity]).IsFinite);
    }

    private static float Dequantise(AffineScale scale, int q) => (q - scale.ZeroPoint) * scale.Scale;

    [Fact]
    public void A_range_moved_toward_each_sample_in_turn_is_their_mean()
    {
        ValueRange[] samples = [new(-1, 2), new(-4, 3), new(-1, 10)];
        var mean = samples.Select((s, i) => (s, i)).Aggregate(ValueRange.Empty, (range, s) => range.Toward(s.s, 1f / (s.i + 1)));

        Assert.Equal(-2f, mean.Min, 1e-5f);
        Assert.Equal(5f, mean.Max, 1e-5f);
        Assert.Equal(mean, mean.Toward(ValueRange.Empty, 0.5f));
    }
}
