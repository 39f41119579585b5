using ModelCompiler.Audio;
using ModelCompiler.Testing;

namespace ModelCompiler.Runtime.Tests.Audio;

public sealed class AudioFeaturesTests
{
    [Theory]
    [InlineData("log-mel rate=8000")]
    [InlineData("log-mel rate=16000 window=400 hop=160 mel=slaney bands=23 low=0 high=7600 log=log1p")]
    [InlineData("log-mel rate=16000 window=33 hop=7 fft=128 shape=hamming spectrum=magnitude bands=10")]
    [InlineData("log-mel rate=8000 window=100 hop=150 fft=1024 shape=blackman mel=slaney low=300 high=3000")]
    [InlineData("mfcc rate=8000 shape=rectangular")]
    [InlineData("mfcc rate=16000 window=480 spectrum=magnitude bands=26 coefficients=26 floor=0.001")]
    public void Features_equal_their_formulas_in_double_precision(string text)
    {
        var options = AudioFeatureOptions.Parse(text);
        var features = new AudioFeatures(options);
        var samples = Noise.Of(options.WindowLength + (2 * options.HopLength) + (options.HopLength / 2));
        var actual = Compute(features, samples);
        Assert.Equal(3 * options.FeaturesOfFrame, actual.Length);
        var expected = Enumerable.Range(0, 3).SelectMany(t => NaiveFeatures.Frame(options, samples.AsSpan(t * options.HopLength)));
        AssertClose([.. expected], actual);
    }

    [Fact]
    public void A_sine_is_loudest_in_the_band_of_its_frequency()
    {
        var options = AudioFeatureOptions.For(16000);
        var samples = Enumerable.Range(0, options.WindowLength).Select(n => (float)Math.Sin(2 * Math.PI * 1000 * n / 16000)).ToArray();
        var frame = Compute(new AudioFeatures(options), samples);

        // Centres of 40 bands lie at 1/41 … 40/41 of the way from 20 to 8000 Hz in mel.
        var place = (MelScale.Htk(1000) - MelScale.Htk(20)) / (MelScale.Htk(8000) - MelScale.Htk(20));
        Assert.Equal((int)Math.Round(place * 41) - 1, Array.IndexOf(frame, frame.Max()));
    }

    /// <summary>An impulse has the same power in all bins, so a band is the sum of its filter.</summary>
    [Fact]
    public void Filters_of_slaney_have_one_area()
    {
        var options = AudioFeatureOptions.Parse("log-mel rate=16000 fft=8192 shape=rectangular mel=slaney bands=20 low=0");
        var impulse = new float[options.WindowLength];
        impulse[100] = 1;
        var bands = Compute(new AudioFeatures(options), impulse);
        Assert.All(bands, b => Assert.Equal(8192d / 16000, Math.Exp(b), 2e-3));
    }

    [Fact]
    public void A_whole_cepstrum_keeps_the_energy_of_the_bands()
    {
        var options = AudioFeatureOptions.Parse("mfcc rate=8000 coefficients=40");
        var samples = Noise.Of(options.WindowLength);
        var bands = Compute(new AudioFeatures(options with { Kind = AudioFeatureKind.LogMel }), samples);
        var cepstrum = Compute(new AudioFeatures(options), samples);
        Assert.Equal(bands.Sum(b => b * b), cepstrum.Sum(c => c * c), 1e-2);
        Assert.Equal(bands.Sum() / Math.Sqrt(40), cepstrum[0], 1e-4);
    }

    [Fact]
    public void Silence_is_the_floor_and_nothing_under_log1p()
    {
        var options = AudioFeatureOptions.Parse("log-mel rate=8000 floor=0.001");
        var silence = new float[options.WindowLength];
        Assert.All(Compute(new AudioFeatures(options), silence), b => Assert.Equal(MathF.Log(0.001f), b));
        Assert.All(Compute(new AudioFeatures(options with { Logarithm = BandLogarithm.Log1p }), silence), b => Assert.Equal(0, b));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(99)]
    [InlineData(1311)]
    [InlineData(1312)]
    [InlineData(1313)]
    [InlineData(4000)]
    public void A_clip_is_the_middle_of_a_sound_with_silence_around_short_ones(int length)
    {
        var features = new AudioFeatures(AudioFeatureOptions.Parse("log-mel rate=8000 window=256 hop=132 frames=9"));
        var samples = Noise.Of(length);
        var clip = new float[9 * 40];
        features.ComputeClip(samples, clip);

        Assert.Equal(1312, features.Options.SamplesOfClip);
        var missing = Math.Max(1312 - length, 0);
        var cut = Math.Max(length - 1312, 0);
        float[] middle = [.. new float[missing / 2], .. samples[(cut / 2)..(length - ((cut + 1) / 2))], .. new float[(missing + 1) / 2]];
        Assert.Equal(1312, middle.Length);
        Assert.Equal(Compute(features, middle), clip);
    }

    [Theory]
    [InlineData("power")]
    [InlineData("magnitude")]
    public void With_a_range_a_clip_is_the_same_however_loud_it_was(string spectrum)
    {
        var features = new AudioFeatures(AudioFeatureOptions.Parse($"log-mel rate=8000 frames=9 floor=1e-12 range=40 spectrum={spectrum}"));
        var samples = Noise.Of(300);
        float[] quiet = [.. samples.Select(s => s / 50)];
        var (loud, soft) = (new float[9 * 40], new float[9 * 40]);
        features.ComputeClip(samples, loud);
        features.ComputeClip(quiet, soft);

        AssertClose([.. loud.Select(x => (double)x)], soft);
        Assert.Equal(0, loud.Max());
        // Noise fills a part of the clip; around it is silence, which lies 40 decibels below the loudest band.
        Assert.Equal((spectrum == "power" ? -4 : -2) * Math.Log(10), loud[^1], 1e-5);
        Assert.Equal(loud[^1], loud.Min());
    }

    [Fact]
    public void Frames_of_a_stream_become_the_clip_of_a_file_and_stay_as_they_were()
    {
        var options = AudioFeatureOptions.Parse("log-mel rate=8000 frames=9 range=30");
        var (features, samples) = (new AudioFeatures(options), Noise.Of(options.SamplesOfClip));
        var (expected, clip) = (new float[9 * 40], new float[9 * 40]);
        features.ComputeClip(samples, expected);
        var frames = Compute(features, samples);
        float[] before = [.. frames];
        features.Normalize(frames, clip);

        Assert.Equal(expected, clip);
        Assert.Equal(before, frames);
        Assert.NotEqual(before, clip);
        Assert.Throws<ArgumentException>(() => features.Normalize(frames, new float[40]));
    }

    [Fact]
    public void A_file_of_another_sample_rate_is_refused_by_a_sentence_with_both_rates()
    {
        var file = WavFile.Parse("sound.wav", WavBytes.Of(16000, new short[500]));
        var features = new AudioFeatures(AudioFeatureOptions.Parse("log-mel rate=8000 frames=2"));
        var message = Assert.Throws<InvalidDataException>(() => features.ComputeClip(file, new float[80])).Message;
        Assert.Contains("sound.wav has 16000 samples a second, the features are made of 8000", message);
    }

    [Fact]
    public void Wrong_lengths_and_open_clips_are_refused()
    {
        var features = new AudioFeatures(AudioFeatureOptions.For(8000));
        Assert.Contains("has 41 elements, 40 are wanted", Refusal(() => features.ComputeFrame(new float[256], new float[41])));
        Assert.Contains("has 255 elements, 256 are wanted", Refusal(() => features.ComputeFrame(new float[255], new float[40])));
        Assert.Contains("has 40 elements, 0 are wanted", Refusal(() => features.Compute(new float[255], new float[40])));
        Assert.Throws<InvalidOperationException>(() => features.ComputeClip(new float[256], new float[40]));
        Assert.Contains("hop=0 is not from 1", Refusal(() => _ = new AudioFeatures(features.Options with { HopLength = 0 })));

        static string Refusal(Action action) => Assert.Throws<ArgumentException>(action).Message;
    }

    [Fact]
    public void Bands_between_two_bins_are_counted()
    {
        Assert.Equal(0, new AudioFeatures(AudioFeatureOptions.For(8000)).EmptyBands);
        Assert.InRange(new AudioFeatures(AudioFeatureOptions.For(8000) with { Bands = 128 }).EmptyBands, 1, 127);
    }

    [Theory]
    [InlineData("log-mel rate=16000 frames=20 range=60")]
    [InlineData("mfcc rate=16000 spectrum=magnitude log=log1p frames=20")]
    public void Computing_allocates_nothing(string text)
    {
        var options = AudioFeatureOptions.Parse(text);
        var (features, stream) = (new AudioFeatures(options), new AudioFeatureStream(options));
        var (samples, clip, frame) = (Noise.Of(9000), new float[20 * options.FeaturesOfFrame], new float[options.FeaturesOfFrame]);
        Run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10; i++)
        {
            Run();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run()
        {
            features.ComputeClip(samples, clip);
            ReadOnlySpan<float> rest = samples;
            while (stream.TryReadFrame(ref rest, frame)) { }
        }
    }

    private static float[] Compute(AudioFeatures features, ReadOnlySpan<float> samples)
    {
        var results = new float[features.FramesOf(samples.Length) * features.Options.FeaturesOfFrame];
        features.Compute(samples, results);
        return results;
    }

    private static void AssertClose(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) < 1e-4, $"feature {i}: expected {expected[i]}, found {actual[i]}");
        }
    }
}
