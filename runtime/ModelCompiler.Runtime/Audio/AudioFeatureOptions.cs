namespace ModelCompiler.Audio;

/// <summary>
/// How sound becomes features. A model is worth nothing with other features than those that it was trained on, so the options have a
/// text (<see cref="ToString"/>, <see cref="Parse"/>) that goes with it.
/// </summary>
public sealed record AudioFeatureOptions
{
    /// <summary>The highest sample rate that makes sense to this library.</summary>
    public const int HighestSampleRate = 1_000_000;

    /// <summary>Most samples from the start of one window to that of the next, and most bands.</summary>
    private const int MostHop = 1 << 20;
    private const int MostBands = 1024;
    private const int MostFeatures = 1 << 24;
    private const float MostRange = 200;

    /// <summary>Log-mel bands, or cepstral coefficients of these.</summary>
    public AudioFeatureKind Kind { get; init; }

    /// <summary>Samples a second, 1 to <see cref="HighestSampleRate"/>.</summary>
    public required int SampleRate { get; init; }

    /// <summary>Samples of a window, 2 to <see cref="FftLength"/>.</summary>
    public required int WindowLength { get; init; }

    /// <summary>Samples from the start of a window to that of the next, 1 to 2²⁰.</summary>
    public required int HopLength { get; init; }

    /// <summary>Length of the Fourier transform, a power of two from 2 to 65536; zeros follow the window.</summary>
    public required int FftLength { get; init; }

    /// <summary>What the samples of a window are weighted with.</summary>
    public WindowFunction Window { get; init; }

    /// <summary>What of the spectrum is summed.</summary>
    public SpectrumKind Spectrum { get; init; }

    /// <summary>The filters that sum it.</summary>
    public MelFilters Filters { get; init; }

    /// <summary>Number of mel bands, 1 to 1024.</summary>
    public int Bands { get; init; } = 40;

    /// <summary>Where the lowest band begins, in hertz, from 0.</summary>
    public float LowestFrequency { get; init; } = 20;

    /// <summary>Where the highest band ends, in hertz, at most half the sample rate.</summary>
    public required float HighestFrequency { get; init; }

    /// <summary>How bands become logarithms.</summary>
    public BandLogarithm Logarithm { get; init; }

    /// <summary>The least that a band is taken for, above 0; <see cref="BandLogarithm.Floor"/> looks at it.</summary>
    public float Floor { get; init; } = 1e-6f;

    /// <summary>
    /// Decibels, 0 to 200, from the loudest feature of a clip, which becomes 0, down to the least that is told from silence; 0 leaves features as
    /// they are. <see cref="AudioFeatureKind.LogMel"/> with <see cref="BandLogarithm.Floor"/> looks at it.
    /// </summary>
    public float Range { get; init; }

    /// <summary>Number of cepstral coefficients, 1 to <see cref="Bands"/>; <see cref="AudioFeatureKind.Mfcc"/> looks at it.</summary>
    public int Coefficients { get; init; } = 13;

    /// <summary>Frames of a clip; 0 where clips are as long as they are.</summary>
    public int Frames { get; init; }

    /// <summary>Features of one frame.</summary>
    public int FeaturesOfFrame => Kind == AudioFeatureKind.Mfcc ? Coefficients : Bands;

    /// <summary>Whether <see cref="Range"/> is looked at.</summary>
    internal bool TakesRange => Kind == AudioFeatureKind.LogMel && Logarithm == BandLogarithm.Floor;

    /// <summary>Samples of a clip of <see cref="Frames"/> frames; 0 where these are open.</summary>
    public int SamplesOfClip => Frames == 0 ? 0 : WindowLength + ((Frames - 1) * HopLength);

    /// <summary>The usual options for a sample rate: those of <see cref="Parse"/> for a text that says nothing but the rate.</summary>
    /// <param name="sampleRate">Samples a second.</param>
    public static AudioFeatureOptions For(int sampleRate) => AudioFeatureText.Defaults(sampleRate);

    /// <summary>Reads the text form: the kind (<c>log-mel</c> or <c>mfcc</c>), and <c>key=value</c> in any order, with blanks between.</summary>
    /// <remarks>
    /// <c>rate</c> has to be there. Without it <c>window</c> is 32 ms, <c>hop</c> half a window, <c>fft</c> the least power of two that
    /// holds a window, <c>shape</c> (of the window) <c>hann</c>, <c>spectrum</c> <c>power</c>, <c>mel</c> <c>htk</c>, <c>bands</c> 40,
    /// <c>low</c> 20 and <c>high</c> half the rate (in hertz), <c>log</c> <c>floor</c> with <c>floor</c> 1E-06, <c>range</c> (of log-mel with
    /// <c>log=floor</c> only) 0, <c>coefficients</c> (of mfcc only) 13, <c>frames</c> open.
    /// </remarks>
    /// <exception cref="FormatException">The text is another, or the options make no sense; the message says which part and why.</exception>
    public static AudioFeatureOptions Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return AudioFeatureText.Parse(text);
    }

    /// <summary>The text form with every option that is looked at; it parses to equal options.</summary>
    public override string ToString() => AudioFeatureText.Format(this);

    /// <summary>What rule the options break, as a sentence; null where they make sense.</summary>
    internal string? Fault() =>
        Outside("rate", SampleRate, 1, HighestSampleRate)
        ?? (
            RealFourierTransform.IsLength(FftLength)
                ? null
                : $"fft={FftLength} is no power of two from 2 to {RealFourierTransform.MostLength}"
        )
        ?? Outside("window", WindowLength, 2, FftLength)
        ?? Outside("hop", HopLength, 1, MostHop)
        ?? Outside("bands", Bands, 1, MostBands)
        ?? FrequencyFault()
        ?? (Floor > 0 && float.IsFinite(Floor) ? null : "floor has to be a number above 0")
        ?? (Range is >= 0 and <= MostRange ? null : FormattableString.Invariant($"range={Range} is not from 0 to {MostRange}"))
        ?? (Kind == AudioFeatureKind.Mfcc ? Outside("coefficients", Coefficients, 1, Bands) : null)
        ?? Outside("frames", Frames, 0, MostFeatures / FeaturesOfFrame)
        ?? (Frames == 0 ? null : ClipFault());

    private string? FrequencyFault() =>
        LowestFrequency >= 0 && LowestFrequency < HighestFrequency && HighestFrequency <= SampleRate / 2f
            ? null
            : FormattableString.Invariant(
                $"frequencies go up from 0 to half the rate, which low={LowestFrequency} high={HighestFrequency} rate={SampleRate} do not"
            );

    private string? ClipFault() =>
        WindowLength + ((Frames - 1L) * HopLength) <= 1 << 28
            ? null
            : $"a clip of frames={Frames} with hop={HopLength} has more than 2^28 samples";

    private static string? Outside(string key, int value, int least, int most) =>
        value >= least && value <= most ? null : $"{key}={value} is not from {least} to {most}";
}
