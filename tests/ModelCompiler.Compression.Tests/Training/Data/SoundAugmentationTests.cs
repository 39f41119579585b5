using ModelCompiler.Audio;
using ModelCompiler.Training.Data;

namespace ModelCompiler.Compression.Tests.Training.Data;

public sealed class SoundAugmentationTests
{
    private static readonly AudioFeatureOptions Options = AudioFeatureOptions.Parse("log-mel rate=8000 frames=40");

    [Theory]
    [InlineData(0.8)]
    [InlineData(1.25)]
    public void A_faster_sound_is_shorter_and_higher_by_the_same_factor(double factor)
    {
        var resampled = SoundAugmentation.Resampled(Sine(hertz: 400), factor);
        Assert.Equal(4000 / factor, resampled.Length, 1.0);
        Assert.Equal(Crossings(Sine(400 * factor)) / factor, Crossings(resampled), 3.0);
    }

    [Fact]
    public void A_sound_at_its_own_speed_stays_as_it_is()
    {
        var sine = Sine(hertz: 440);
        Assert.Equal(sine, SoundAugmentation.Resampled(sine, 1));
    }

    [Fact]
    public void Length_and_loudness_stay_within_what_the_documentation_says()
    {
        var sine = Sine(hertz: 440);
        for (var seed = 0; seed < 100; seed++)
        {
            var changed = Changed(sine, seed);
            // Up to 15 % slower or faster, with up to twice 8 % of a clip as silence; 10 decibels, and a factor of 1 ± 0.4 by the slope of the spectrum.
            Assert.InRange(changed.Length, (4000 / 1.15) - 1, (4000 * 1.15) + (0.16 * Options.SamplesOfClip));
            var power = changed.Sum(x => (double)x * x) / sine.Sum(x => (double)x * x);
            Assert.InRange(10 * Math.Log10(power), -10 - 4.5 - 0.7, 10 + 3 + 0.7 + 0.2);
        }
    }

    [Fact]
    public void A_seed_gives_the_same_sound_and_another_one_another()
    {
        var sine = Sine(hertz: 440);
        Assert.Equal(Changed(sine, 1), Changed(sine, 1));
        Assert.NotEqual(Changed(sine, 1), Changed(sine, 2));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Nothing_heard_stays_nothing(int length)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            Assert.All(Changed(new float[length], seed), x => Assert.Equal(0, x));
        }
    }

    private static float[] Changed(float[] samples, int seed) => SoundAugmentation.Changed(samples, Options, new Random(seed));

    /// <summary>Half a second.</summary>
    private static float[] Sine(double hertz) =>
        [.. Enumerable.Range(0, 4000).Select(n => (float)Math.Sin(2 * Math.PI * hertz * n / 8000))];

    private static int Crossings(float[] sound) => sound.Skip(1).Zip(sound).Count(pair => pair.First < 0 != pair.Second < 0);
}
