namespace ModelCompiler.Compression.Calibration;

/// <summary>Sees a value once a sample.</summary>
/// <param name="options">How what samples give becomes one range.</param>
/// <param name="rank">Number of the value's dimensions.</param>
internal sealed class RangeObserver(RangeOptions options, int rank)
{
    private readonly MagnitudeHistogram? _histogram = options.Rule is RangeRule.Percentile or RangeRule.Entropy or RangeRule.Mse
        ? new MagnitudeHistogram()
        : null;

    private ValueRange _range = ValueRange.Empty;
    private int _samples;

    /// <summary>Takes note of a sample's elements.</summary>
    public void Add(ReadOnlySpan<float> elements)
    {
        var range = ValueRange.Of(elements);
        _samples++;
        _range = options.Rule switch
        {
            RangeRule.Average => _range.Toward(range, 1f / _samples),
            // Of weights m^(n−i), what is left for the newest sample once their sum is 1.
            RangeRule.MovingAverage => _range.Toward(range, (float)((1 - options.Momentum) / (1 - Math.Pow(options.Momentum, _samples)))),
            _ => _range.Join(range),
        };
        if (range.IsFinite)
        {
            _histogram?.Add(elements, range);
        }
    }

    /// <summary>What was seen.</summary>
    /// <param name="name">Name of the value.</param>
    /// <exception cref="CompressionException">An element was not finite.</exception>
    public ValueStatistics Statistics(string name)
    {
        if (!_range.IsFinite && _range != ValueRange.Empty)
        {
            throw new CompressionException(
                $"value '{name}' lies in [{_range.Min}, {_range.Max}] on the calibration samples; only finite values can be quantised"
            );
        }

        return new ValueStatistics(_histogram is null ? _range : Clipping.Cut(_range, _histogram, options), rank);
    }
}
