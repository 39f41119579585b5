using ModelCompiler.Audio;

namespace ModelCompiler.Runtime.Tests.Audio;

public sealed class RealFourierTransformTests
{
    public static TheoryData<int> Lengths => [.. Enumerable.Range(1, 11).Select(i => 1 << i)];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Every_power_of_two_equals_the_formula_in_double_precision(int length)
    {
        var samples = Noise.Of(length, seed: length);
        var (real, imaginary) = Transform(samples);
        var expected = NaiveFeatures.Spectrum([.. samples.Select(s => (double)s)]);
        var most = 1e-7 * Math.Sqrt(length) * Math.Log2(2 * length);
        for (var k = 0; k < expected.Length; k++)
        {
            Assert.Equal(expected[k].Real, real[k], most);
            Assert.Equal(expected[k].Imaginary, imaginary[k], most);
        }
    }

    [Fact]
    public void A_sine_is_in_one_bin_with_its_amplitude_and_phase()
    {
        const int length = 512;
        var samples = Enumerable.Range(0, length).Select(n => 0.5f * (float)Math.Sin((2 * Math.PI * 37 * n / length) + 0.3)).ToArray();
        var (real, imaginary) = Transform(samples);

        // sin(a + 0.3) = Im e^(i(a + 0.3)), whose bin is N/2 · amplitude · e^(i(0.3 − π/2)).
        Assert.Equal(128 * Math.Cos(0.3 - (Math.PI / 2)), real[37], 1e-4);
        Assert.Equal(128 * Math.Sin(0.3 - (Math.PI / 2)), imaginary[37], 1e-4);
        Assert.All(Enumerable.Range(0, 257).Where(k => k != 37), k => Assert.InRange(Math.Abs(real[k]) + Math.Abs(imaginary[k]), 0, 2e-4));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(48)]
    [InlineData(1 << 17)]
    [InlineData(int.MinValue)]
    public void Other_lengths_are_refused(int length) =>
        Assert.Contains($"{length} is none", Assert.Throws<ArgumentException>(() => new RealFourierTransform(length)).Message);

    [Fact]
    public void Spans_of_another_length_are_refused_before_anything_is_written()
    {
        var transform = new RealFourierTransform(8);
        var (real, imaginary) = (new float[5], new float[4]);
        var message = Assert.Throws<ArgumentException>(() => transform.Transform(new float[8], real, imaginary)).Message;
        Assert.Contains("imaginary has 4 elements, 5 are wanted", message);
        Assert.Equal(new float[5], real);
    }

    private static (float[] Real, float[] Imaginary) Transform(float[] samples)
    {
        var transform = new RealFourierTransform(samples.Length);
        var (real, imaginary) = (new float[transform.Bins], new float[transform.Bins]);
        transform.Transform(samples, real, imaginary);
        return (real, imaginary);
    }
}
