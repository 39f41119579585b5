namespace ModelCompiler.Audio;

/// <summary>Triangles over the bins of a spectrum. Of each only the bins between its feet are kept.</summary>
internal sealed class MelFilterBank
{
    private readonly Band[] _bands;

    public MelFilterBank(AudioFeatureOptions options)
    {
        var bins = (options.FftLength / 2) + 1;
        _bands = options.Filters == MelFilters.Onnx ? OnBins(options, bins) : BetweenBins(options, bins);
    }

    /// <summary>How many bands no bin falls into: they are silent whatever is heard.</summary>
    public int EmptyBands => _bands.Count(b => b.Weights.Length == 0);

    /// <summary>Sums a spectrum to bands.</summary>
    public void Sum(ReadOnlySpan<float> spectrum, Span<float> bands)
    {
        for (var i = 0; i < _bands.Length; i++)
        {
            var (first, weights) = _bands[i];
            bands[i] = SpanArithmetic.SumOfProducts(spectrum.Slice(first, weights.Length), weights);
        }
    }

    private static Band[] BetweenBins(AudioFeatureOptions options, int bins)
    {
        var isSlaney = options.Filters == MelFilters.Slaney;
        Func<double, double> toMel = isSlaney ? MelScale.Slaney : MelScale.Htk;
        Func<double, double> toHertz = isSlaney ? MelScale.HertzOfSlaney : MelScale.HertzOfHtk;
        var (from, to) = (toMel(options.LowestFrequency), toMel(options.HighestFrequency));
        var corners = Enumerable.Range(0, options.Bands + 2).Select(i => toHertz(from + (i * (to - from) / (options.Bands + 1)))).ToArray();
        return
        [
            .. Enumerable
                .Range(0, options.Bands)
                .Select(band =>
                {
                    var (low, centre, high) = (corners[band], corners[band + 1], corners[band + 2]);
                    var height = isSlaney ? 2 / (high - low) : 1;
                    return Band.Of(
                        bins,
                        bin =>
                        {
                            var hertz = (double)bin * options.SampleRate / options.FftLength;
                            return height * Math.Min((hertz - low) / (centre - low), (high - hertz) / (high - centre));
                        }
                    );
                }),
        ];
    }

    private static Band[] OnBins(AudioFeatureOptions options, int bins)
    {
        var (from, to) = (MelScale.Htk(options.LowestFrequency), MelScale.Htk(options.HighestFrequency));
        var step = (to - from) / (options.Bands + 2);
        var corners = Enumerable
            .Range(0, options.Bands + 2)
            .Select(i => Math.Floor((options.FftLength + 1) * MelScale.HertzOfHtk(from + (i * step)) / options.SampleRate))
            .ToArray();
        return
        [
            .. Enumerable
                .Range(0, options.Bands)
                .Select(band =>
                {
                    var (low, centre, high) = (corners[band], corners[band + 1], corners[band + 2]);
                    return Band.Of(
                        bins,
                        bin =>
                            bin < centre ? (bin - low) / (centre - low)
                            : bin > centre ? (high - bin) / (high - centre)
                            : 1
                    );
                }),
        ];
    }

    /// <summary>The weights of neighbouring bins, from <paramref name="First"/> on.</summary>
    private readonly record struct Band(int First, float[] Weights)
    {
        public static Band Of(int bins, Func<int, double> weight)
        {
            var inside = Enumerable.Range(0, bins).Where(bin => weight(bin) > 0).ToList();
            return inside.Count == 0 ? new(0, []) : new(inside[0], [.. inside.Select(bin => (float)weight(bin))]);
        }
    }
}
