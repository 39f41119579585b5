using ModelCompiler.Audio;

namespace ModelCompiler.Runtime.Tests.Audio;

public sealed class AudioFeatureStreamTests
{
    [Theory]
    [InlineData("log-mel rate=8000 window=64 hop=16")]
    [InlineData("log-mel rate=8000 window=64 hop=64")]
    [InlineData("mfcc rate=8000 window=64 hop=100")]
    public void Frames_of_pieces_equal_those_of_the_whole(string text)
    {
        var options = AudioFeatureOptions.Parse(text);
        var (samples, features) = (Noise.Of(2000), new AudioFeatures(options));
        var expected = new float[features.FramesOf(samples.Length) * options.FeaturesOfFrame];
        features.Compute(samples, expected);
        foreach (var piece in new[] { 1, 7, 64, 65, 2000 })
        {
            var stream = new AudioFeatureStream(options);
            Assert.Equal(expected, samples.Chunk(piece).SelectMany(c => Frames(stream, c)));
        }
    }

    [Fact]
    public void Samples_of_16_bits_give_the_same_as_floats_of_full_scale_one()
    {
        var options = AudioFeatureOptions.Parse("log-mel rate=8000 window=64 hop=20");
        short[] samples = [.. Noise.Of(500).Select(s => (short)(s * 32767))];
        var (stream, frame, found) = (new AudioFeatureStream(options), new float[options.FeaturesOfFrame], new List<float>());
        ReadOnlySpan<short> rest = samples;
        while (stream.TryReadFrame(ref rest, frame))
        {
            found.AddRange(frame);
        }

        Assert.Equal(Frames(new AudioFeatureStream(options), [.. samples.Select(s => s / 32768f)]), found);
        Assert.Equal(((500 - 64) / 20) + 1, found.Count / frame.Length);
    }

    [Fact]
    public void A_reset_stream_has_heard_nothing()
    {
        var stream = new AudioFeatureStream(AudioFeatureOptions.Parse("log-mel rate=8000 window=64 hop=100"));
        var samples = Noise.Of(164);
        var first = Frames(stream, samples);
        Frames(stream, samples[..30]);
        stream.Reset();
        Assert.Equal(first, Frames(stream, samples));
    }

    [Fact]
    public void A_frame_of_another_length_is_refused_before_samples_are_taken()
    {
        var stream = new AudioFeatureStream(AudioFeatureOptions.Parse("mfcc rate=8000"));
        ReadOnlySpan<float> samples = new float[300];
        try
        {
            stream.TryReadFrame(ref samples, new float[40]);
            Assert.Fail("40 numbers are no frame of 13 coefficients");
        }
        catch (ArgumentException e)
        {
            Assert.Contains("frame has 40 elements, 13 are wanted", e.Message);
        }

        Assert.Equal(300, samples.Length);
    }

    private static List<float> Frames(AudioFeatureStream stream, ReadOnlySpan<float> samples)
    {
        var (frame, found) = (new float[stream.Options.FeaturesOfFrame], new List<float>());
        while (stream.TryReadFrame(ref samples, frame))
        {
            found.AddRange(frame);
        }

        Assert.True(samples.IsEmpty);
        return found;
    }
}
