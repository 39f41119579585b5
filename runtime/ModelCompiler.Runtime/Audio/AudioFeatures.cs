namespace ModelCompiler.Audio;

/// <summary>
/// Turns samples into features, frame by frame: window → Fourier transform → power or magnitude → mel bands → logarithm, and for MFCC →
/// cosine transform. Samples have a full scale of −1 to 1; frame t begins at sample t · hop. An instance owns its working memory, so computing
/// allocates nothing: one a thread.
/// </summary>
public sealed class AudioFeatures
{
    private readonly float[] _window;
    private readonly RealFourierTransform _transform;
    private readonly MelFilterBank _filters;
    private readonly CosineTransform? _cepstrum;
    private readonly float[] _samples;
    private readonly float[] _spectrum;
    private readonly float[] _imaginary;
    private readonly float[] _bands;

    /// <summary>Prepares the tables.</summary>
    /// <exception cref="ArgumentException">The options break one of their rules; the message says which.</exception>
    public AudioFeatures(AudioFeatureOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Fault() is { } fault)
        {
            throw new ArgumentException(fault, nameof(options));
        }

        Options = options;
        _window = Weights(options.Window, options.WindowLength);
        _transform = new RealFourierTransform(options.FftLength);
        _filters = new MelFilterBank(options);
        _cepstrum = options.Kind == AudioFeatureKind.Mfcc ? new CosineTransform(options.Bands, options.Coefficients) : null;
        _samples = new float[options.FftLength];
        (_spectrum, _imaginary) = (new float[_transform.Bins], new float[_transform.Bins]);
        _bands = new float[options.Bands];
    }

    /// <summary>What is computed.</summary>
    public AudioFeatureOptions Options { get; }

    /// <summary>
    /// How many bands no bin of the spectrum falls into, because they are narrower than the distance between bins: they have the same value
    /// whatever is heard. A longer transform or fewer bands avoid them.
    /// </summary>
    public int EmptyBands => _filters.EmptyBands;

    /// <summary>How many whole windows so many samples have.</summary>
    /// <param name="samples">Number of samples.</param>
    public int FramesOf(int samples) => samples < Options.WindowLength ? 0 : ((samples - Options.WindowLength) / Options.HopLength) + 1;

    /// <summary>Features of all whole windows; samples behind the last one are not looked at.</summary>
    /// <param name="samples">The samples.</param>
    /// <param name="features">[frames × features of a frame], with as many frames as <see cref="FramesOf"/> says.</param>
    /// <exception cref="ArgumentException">The features have another length.</exception>
    public void Compute(ReadOnlySpan<float> samples, Span<float> features) =>
        Compute(samples, first: 0, FramesOf(samples.Length), features);

    /// <summary>
    /// Features of a clip of <see cref="AudioFeatureOptions.Frames"/> frames. Of a longer sound its middle is taken, a shorter one gets silence on
    /// both sides; where the difference is odd, the sample more is at the end.
    /// </summary>
    /// <param name="samples">The samples, any number of them.</param>
    /// <param name="features">[frames × features of a frame].</param>
    /// <exception cref="InvalidOperationException">The options leave the number of frames open.</exception>
    /// <exception cref="ArgumentException">The features have another length.</exception>
    public void ComputeClip(ReadOnlySpan<float> samples, Span<float> features)
    {
        if (Options.Frames == 0)
        {
            throw new InvalidOperationException("the options say nothing of the number of frames, which a clip has to have");
        }

        Compute(samples, first: (samples.Length - Options.SamplesOfClip) / 2, Options.Frames, features);
        Normalize(features, features);
    }

    /// <summary>The same for a file.</summary>
    /// <param name="file">The sound.</param>
    /// <param name="features">[frames × features of a frame].</param>
    /// <exception cref="InvalidDataException">The file has another sample rate; the message says both.</exception>
    /// <exception cref="InvalidOperationException">The options leave the number of frames open.</exception>
    /// <exception cref="ArgumentException">The features have another length.</exception>
    public void ComputeClip(WavFile file, Span<float> features)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (file.SampleRate != Options.SampleRate)
        {
            throw new InvalidDataException(
                $"{file.Name} has {file.SampleRate} samples a second, the features are made of {Options.SampleRate}; resample it first"
            );
        }

        ComputeClip(file.Samples, features);
    }

    /// <summary>
    /// Does to frames that stand in a row what <see cref="AudioFeatureOptions.Range"/> says: <c>x − max</c>, and no less than the range below 0, in the
    /// natural logarithms that features are. <c>ComputeClip</c> has done it. Frames of a stream need it before each use, into another span, because
    /// those that stay in the row are wanted again as they were.
    /// </summary>
    /// <param name="frames">[frames × features of a frame], any number of frames.</param>
    /// <param name="clip">As many features; may be the frames themselves.</param>
    /// <exception cref="ArgumentException">The clip has another length.</exception>
    public void Normalize(ReadOnlySpan<float> frames, Span<float> clip)
    {
        SpanArithmetic.RequireLength(clip.Length, frames.Length, nameof(clip));
        if (!Options.TakesRange || Options.Range == 0)
        {
            frames.CopyTo(clip);
            return;
        }

        var peak = float.NegativeInfinity;
        foreach (var feature in frames)
        {
            peak = MathF.Max(peak, feature);
        }

        // A decibel is a tenth of a decade of power, and a twentieth of one of magnitudes.
        var least = -Options.Range / (Options.Spectrum == SpectrumKind.Power ? 10 : 20) * MathF.Log(10);
        for (var i = 0; i < frames.Length; i++)
        {
            clip[i] = MathF.Max(frames[i] - peak, least);
        }
    }

    /// <summary>Features of one window.</summary>
    /// <param name="samples">The samples of a window.</param>
    /// <param name="frame">The features of a frame.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public void ComputeFrame(ReadOnlySpan<float> samples, Span<float> frame)
    {
        SpanArithmetic.RequireLength(samples.Length, Options.WindowLength, nameof(samples));
        Compute(samples, first: 0, frames: 1, frame);
    }

    private void Compute(ReadOnlySpan<float> samples, int first, int frames, Span<float> features)
    {
        var width = Options.FeaturesOfFrame;
        SpanArithmetic.RequireLength(features.Length, (long)frames * width, nameof(features));
        for (var frame = 0; frame < frames; frame++)
        {
            Load(samples, first + (frame * Options.HopLength));
            Compute(features.Slice(frame * width, width));
        }
    }

    /// <summary>Weights the window that begins at a sample; there is silence before the first and behind the last.</summary>
    private void Load(ReadOnlySpan<float> samples, int start)
    {
        var from = Math.Clamp(start, 0, samples.Length);
        var to = Math.Clamp(start + _window.Length, from, samples.Length);
        var inWindow = Math.Clamp(from - start, 0, _window.Length);
        var weighted = _samples.AsSpan(0, _window.Length);
        weighted.Clear();
        SpanArithmetic.Multiply(samples[from..to], _window.AsSpan(inWindow, to - from), weighted.Slice(inWindow, to - from));
    }

    private void Compute(Span<float> frame)
    {
        _transform.Transform(_samples, _spectrum, _imaginary);
        SpanArithmetic.SquareMagnitudes(_spectrum, _imaginary);
        if (Options.Spectrum == SpectrumKind.Magnitude)
        {
            SpanArithmetic.Roots(_spectrum);
        }

        var bands = _cepstrum is null ? frame : _bands;
        _filters.Sum(_spectrum, bands);
        Logarithms(bands);
        _cepstrum?.Transform(bands, frame);
    }

    private void Logarithms(Span<float> bands)
    {
        for (var i = 0; i < bands.Length; i++)
        {
            bands[i] = Options.Logarithm == BandLogarithm.Floor ? MathF.Log(MathF.Max(bands[i], Options.Floor)) : MathF.Log(1 + bands[i]);
        }
    }

    private static float[] Weights(WindowFunction function, int length) =>
        [
            .. Enumerable
                .Range(0, length)
                .Select(n => 2 * Math.PI * n / length)
                .Select(angle =>
                    (float)(
                        function switch
                        {
                            WindowFunction.Hann => 0.5 - (0.5 * Math.Cos(angle)),
                            WindowFunction.Hamming => 0.54 - (0.46 * Math.Cos(angle)),
                            WindowFunction.Blackman => 0.42 - (0.5 * Math.Cos(angle)) + (0.08 * Math.Cos(2 * angle)),
                            _ => 1,
                        }
                    )
                ),
        ];
}
