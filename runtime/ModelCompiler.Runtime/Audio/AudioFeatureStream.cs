namespace ModelCompiler.Audio;

/// <summary>
/// Features of a sound that goes on: samples come in pieces of any length, and a frame is given whenever a window of them is full. The
/// frames are those that <see cref="AudioFeatures.Compute(ReadOnlySpan{float}, Span{float})"/> gives for all samples together. Nothing is allocated.
/// </summary>
/// <example><code>
/// ReadOnlySpan&lt;float&gt; samples = FromMicrophone();
/// while (stream.TryReadFrame(ref samples, frame))
/// {
///     window.AsSpan(frame.Length).CopyTo(window);      // the model's input: the last frames, the newest at the end
///     frame.CopyTo(window.AsSpan(^frame.Length..));
/// }
/// </code></example>
public sealed class AudioFeatureStream
{
    private readonly AudioFeatures _features;
    private readonly float[] _window;
    private int _filled;

    // Where windows are farther apart than they are long, samples between them are dropped.
    private int _toDrop;

    /// <summary>Makes a stream that has heard nothing.</summary>
    /// <param name="options">What is computed; <see cref="AudioFeatureOptions.Frames"/> plays no part.</param>
    /// <exception cref="ArgumentException">The options break one of their rules; the message says which.</exception>
    public AudioFeatureStream(AudioFeatureOptions options)
    {
        _features = new AudioFeatures(options);
        _window = new float[options.WindowLength];
    }

    /// <summary>What is computed.</summary>
    public AudioFeatureOptions Options => _features.Options;

    /// <summary>Takes samples until a frame is full or they are used up.</summary>
    /// <param name="samples">Samples with a full scale of −1 to 1; those that were taken are gone from the front of the span afterwards.</param>
    /// <param name="frame">The features of a frame, written only when the result is true.</param>
    /// <returns>Whether a frame was written; then there may be more in the samples that are left.</returns>
    /// <exception cref="ArgumentException">The frame has another length; nothing was taken.</exception>
    public bool TryReadFrame(ref ReadOnlySpan<float> samples, Span<float> frame)
    {
        SpanArithmetic.RequireLength(frame.Length, Options.FeaturesOfFrame, nameof(frame));
        samples = Drop(samples);
        var taken = Math.Min(samples.Length, _window.Length - _filled);
        samples[..taken].CopyTo(_window.AsSpan(_filled));
        samples = samples[taken..];
        return Fill(taken, frame);
    }

    /// <summary>The same for samples of 16 bits, as sound devices give them.</summary>
    /// <param name="samples">Samples with a full scale of −32768 to 32767; those that were taken are gone from the front of the span afterwards.</param>
    /// <param name="frame">The features of a frame, written only when the result is true.</param>
    /// <returns>Whether a frame was written; then there may be more in the samples that are left.</returns>
    /// <exception cref="ArgumentException">The frame has another length; nothing was taken.</exception>
    public bool TryReadFrame(ref ReadOnlySpan<short> samples, Span<float> frame)
    {
        SpanArithmetic.RequireLength(frame.Length, Options.FeaturesOfFrame, nameof(frame));
        samples = Drop(samples);
        var taken = Math.Min(samples.Length, _window.Length - _filled);
        for (var i = 0; i < taken; i++)
        {
            _window[_filled + i] = samples[i] / 32768f;
        }

        samples = samples[taken..];
        return Fill(taken, frame);
    }

    /// <summary>Forgets what was heard.</summary>
    public void Reset() => (_filled, _toDrop) = (0, 0);

    private ReadOnlySpan<T> Drop<T>(ReadOnlySpan<T> samples)
    {
        var dropped = Math.Min(_toDrop, samples.Length);
        _toDrop -= dropped;
        return samples[dropped..];
    }

    private bool Fill(int taken, Span<float> frame)
    {
        _filled += taken;
        if (_filled < _window.Length)
        {
            return false;
        }

        _features.ComputeFrame(_window, frame);
        var kept = Math.Max(_window.Length - Options.HopLength, 0);
        _window.AsSpan(_window.Length - kept).CopyTo(_window);
        (_filled, _toDrop) = (kept, Options.HopLength - (_window.Length - kept));
        return true;
    }
}
