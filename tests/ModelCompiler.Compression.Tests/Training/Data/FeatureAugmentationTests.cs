using ModelCompiler.Audio;
using ModelCompiler.Training.Data;

namespace ModelCompiler.Compression.Tests.Training.Data;

public sealed class FeatureAugmentationTests
{
    private const int Frames = 41;
    private const int Width = 20;

    [Fact]
    public void A_clip_that_is_stretched_moves_away_from_its_middle()
    {
        var clip = Clip((frame, _) => frame);
        FeatureAugmentation.Stretch(clip, Width, 0.5f);
        Assert.Equal(Clip((frame, _) => 20 + ((frame - 20) * 0.5f)), clip);

        // Beyond the ends is what lies there.
        clip = Clip((frame, _) => frame);
        FeatureAugmentation.Stretch(clip, Width, 2);
        Assert.Equal(Clip((frame, _) => Math.Clamp(20 + ((frame - 20) * 2), 0, Frames - 1)), clip);
    }

    [Fact]
    public void Bands_of_log_mel_are_masked_and_coefficients_are_not()
    {
        Assert.Contains(Seeds(), seed => HasMaskedFeature(AudioFeatureKind.LogMel, seed));
        Assert.DoesNotContain(Seeds(), seed => HasMaskedFeature(AudioFeatureKind.Mfcc, seed));
    }

    [Fact]
    public void No_more_is_masked_than_the_documentation_says()
    {
        foreach (var seed in Seeds())
        {
            var clip = Changed(AudioFeatureKind.LogMel, seed);
            // Features differ from frame to frame and band to band, so that only masks have rows or columns of one value.
            Assert.InRange(Enumerable.Range(0, Frames).Count(frame => IsOne(clip.Chunk(Width).ElementAt(frame))), 0, 2 * 4);
            Assert.InRange(Enumerable.Range(0, Width).Count(band => IsOne(clip.Chunk(Width).Select(f => f[band]))), 0, 2 * 3);
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 20)]
    [InlineData(3, 1)]
    public void The_smallest_clips_are_changed_without_a_fault(int frames, int width)
    {
        var options = AudioFeatureOptions.Parse($"log-mel rate=8000 bands={width} frames={frames}");
        foreach (var seed in Seeds())
        {
            float[] clip = [.. Enumerable.Range(0, frames * width).Select(i => (float)i)];
            FeatureAugmentation.Change(clip, options, new Random(seed));
            Assert.All(clip, x => Assert.InRange(x, 0, frames * width));
        }
    }

    private static IEnumerable<int> Seeds() => Enumerable.Range(0, 30);

    private static bool HasMaskedFeature(AudioFeatureKind kind, int seed)
    {
        var frames = Changed(kind, seed).Chunk(Width).ToList();
        return Enumerable.Range(0, Width).Any(feature => IsOne(frames.Select(f => f[feature])));
    }

    private static bool IsOne(IEnumerable<float> values) => values.Distinct().Count() == 1;

    private static float[] Changed(AudioFeatureKind kind, int seed)
    {
        var clip = Clip((frame, band) => (frame * 3) + (band * band));
        var options = AudioFeatureOptions.For(8000) with { Kind = kind, Bands = Width, Coefficients = Width, Frames = Frames };
        FeatureAugmentation.Change(clip, options, new Random(seed));
        return clip;
    }

    private static float[] Clip(Func<int, int, float> feature) =>
        [.. Enumerable.Range(0, Frames * Width).Select(i => feature(i / Width, i % Width))];
}
