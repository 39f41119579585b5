using System.Globalization;
using ModelCompiler.Audio;

namespace ModelCompiler.Runtime.Tests.Audio;

public sealed class AudioFeatureOptionsTests
{
    [Theory]
    [InlineData(
        "log-mel rate=8000",
        "log-mel rate=8000 window=256 hop=128 fft=256 shape=hann spectrum=power mel=htk bands=40 low=20 high=4000 log=floor floor=1E-06 range=0 frames=0"
    )]
    [InlineData(
        "mfcc high=7600.5 hop=160 window=400   rate=16000 log=log1p mel=slaney",
        "mfcc rate=16000 window=400 hop=160 fft=512 shape=hann spectrum=power mel=slaney bands=40 low=20 high=7600.5 log=log1p coefficients=13 frames=0"
    )]
    public void What_the_text_leaves_out_has_documented_defaults(string text, string whole)
    {
        var options = AudioFeatureOptions.Parse(text);
        Assert.Equal(whole, options.ToString());
        Assert.Equal(options, AudioFeatureOptions.Parse(whole));
    }

    [Fact]
    public void The_text_of_any_options_parses_to_them()
    {
        var options = new AudioFeatureOptions
        {
            Kind = AudioFeatureKind.Mfcc,
            SampleRate = 22050,
            WindowLength = 1000,
            HopLength = 333,
            FftLength = 4096,
            Window = WindowFunction.Blackman,
            Spectrum = SpectrumKind.Magnitude,
            Filters = MelFilters.Onnx,
            Bands = 64,
            LowestFrequency = 0.1f,
            HighestFrequency = 10000.125f,
            Floor = 3.1e-10f,
            Coefficients = 20,
            Frames = 98,
        };
        Assert.Equal(options, AudioFeatureOptions.Parse(options.ToString()));
    }

    [Fact]
    public void The_defaults_of_code_are_those_of_the_text() =>
        Assert.Equal(AudioFeatureOptions.Parse("log-mel rate=11025"), AudioFeatureOptions.For(11025));

    [Fact]
    public void The_text_is_the_same_where_numbers_have_commas()
    {
        var (before, comma) = (CultureInfo.CurrentCulture, (CultureInfo)CultureInfo.InvariantCulture.Clone());
        comma.NumberFormat.NumberDecimalSeparator = ",";
        comma.NumberFormat.NegativeSign = "~";
        CultureInfo.CurrentCulture = comma;
        try
        {
            var options = AudioFeatureOptions.Parse("log-mel rate=8000 low=62.5");
            Assert.Contains("low=62.5 ", options.ToString());
            var message = Assert.Throws<FormatException>(() => AudioFeatureOptions.Parse("log-mel rate=8000 low=62.5 high=50")).Message;
            Assert.Contains("low=62.5 high=50 rate=8000", message);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData("", "it begins with log-mel or mfcc")]
    [InlineData("mel rate=8000", "it begins with log-mel or mfcc")]
    [InlineData("log-mel", "rate=… has to be there")]
    [InlineData("log-mel rate=8000 bands", "'bands' is not of the form key=value")]
    [InlineData("log-mel rate=8000 bands==4", "'bands==4' is not of the form key=value")]
    [InlineData("log-mel rate=8000 rate=8000", "rate is there twice")]
    [InlineData("log-mel rate=8000 overlap=2", "'overlap' is none of rate, window")]
    [InlineData("log-mel rate=8e3", "rate=8e3 is no whole number")]
    [InlineData("log-mel rate=99999999999", "rate=99999999999 is no whole number")]
    [InlineData("log-mel rate=0", "rate=0 is not from 1 to 1000000")]
    [InlineData("log-mel rate=2000000000", "rate=2000000000 is not from 1")]
    [InlineData("log-mel rate=8000 window=300 fft=256", "window=300 is not from 2 to 256")]
    [InlineData("log-mel rate=8000 fft=300", "fft=300 is no power of two")]
    [InlineData("log-mel rate=8000 window=2000000000", "fft=1073741824 is no power of two from 2 to 65536")]
    [InlineData("log-mel rate=8000 hop=0", "hop=0 is not from 1")]
    [InlineData("log-mel rate=8000 shape=kaiser", "shape=kaiser is none of hann, hamming")]
    [InlineData("log-mel rate=8000 bands=0", "bands=0 is not from 1 to 1024")]
    [InlineData("log-mel rate=8000 low=NaN", "low=NaN is no number")]
    [InlineData("log-mel rate=8000 low=4000", "low=4000 high=4000 rate=8000 do not")]
    [InlineData("log-mel rate=8000 high=4001", "low=20 high=4001 rate=8000 do not")]
    [InlineData("log-mel rate=8000 floor=0", "floor has to be a number above 0")]
    [InlineData("log-mel rate=8000 log=log1p floor=1", "floor=1 goes with log=floor only")]
    [InlineData("log-mel rate=8000 range=-1", "range=-1 is not from 0 to 200")]
    [InlineData("log-mel rate=8000 log=log1p range=40", "range=40 goes with log-mel and log=floor only")]
    [InlineData("mfcc rate=8000 range=40", "range=40 goes with log-mel and log=floor only")]
    [InlineData("log-mel rate=8000 coefficients=5", "coefficients=5 goes with mfcc only")]
    [InlineData("mfcc rate=8000 coefficients=41", "coefficients=41 is not from 1 to 40")]
    [InlineData("log-mel rate=8000 frames=2000000000", "frames=2000000000 is not from 0")]
    [InlineData("log-mel rate=8000 hop=1000000 frames=1000", "a clip of frames=1000")]
    public void Options_that_make_no_sense_are_refused_by_a_sentence(string text, string sentence)
    {
        var message = Assert.Throws<FormatException>(() => AudioFeatureOptions.Parse(text)).Message;
        Assert.Contains($"audio features '{text}': ", message);
        Assert.Contains(sentence, message);
    }
}
