using ModelCompiler.Audio;

namespace ModelCompiler.Runtime.Tests.Audio;

/// <summary>The same features from their formulas, in double precision and without any thought of speed.</summary>
internal static class NaiveFeatures
{
    /// <summary>Bins 0 to length/2 of the discrete Fourier transform.</summary>
    public static (double Real, double Imaginary)[] Spectrum(double[] samples)
    {
        var length = samples.Length;
        var circle = Enumerable.Range(0, length).Select(i => Math.SinCos(2 * Math.PI * i / length)).ToArray();
        var bins = new (double Real, double Imaginary)[(length / 2) + 1];
        for (var k = 0; k < bins.Length; k++)
        {
            for (var n = 0; n < length; n++)
            {
                var (sine, cosine) = circle[(long)k * n % length];
                bins[k] = (bins[k].Real + (samples[n] * cosine), bins[k].Imaginary - (samples[n] * sine));
            }
        }

        return bins;
    }

    /// <summary>Features of the window at the start of the samples.</summary>
    public static double[] Frame(AudioFeatureOptions options, ReadOnlySpan<float> samples)
    {
        var padded = new double[options.FftLength];
        for (var n = 0; n < options.WindowLength; n++)
        {
            padded[n] = samples[n] * Weight(options.Window, (double)n / options.WindowLength);
        }

        var spectrum = Spectrum(padded).Select(x => (x.Real * x.Real) + (x.Imaginary * x.Imaginary));
        double[] bins = [.. options.Spectrum == SpectrumKind.Power ? spectrum : spectrum.Select(Math.Sqrt)];
        var bands = Triangles(options)
            .Select(triangle => bins.Select((x, k) => x * Math.Max(triangle((double)k * options.SampleRate / options.FftLength), 0)).Sum());
        double[] logarithms =
        [
            .. bands.Select(b => options.Logarithm == BandLogarithm.Floor ? Math.Log(Math.Max(b, options.Floor)) : Math.Log(1 + b)),
        ];
        return options.Kind == AudioFeatureKind.LogMel ? logarithms : [.. Cepstrum(logarithms).Take(options.Coefficients)];
    }

    private static double Weight(WindowFunction function, double place) =>
        function switch
        {
            WindowFunction.Hann => Math.Pow(Math.Sin(Math.PI * place), 2),
            WindowFunction.Hamming => 0.54 - (0.46 * Math.Cos(2 * Math.PI * place)),
            WindowFunction.Blackman => 0.42 - (0.5 * Math.Cos(2 * Math.PI * place)) + (0.08 * Math.Cos(4 * Math.PI * place)),
            _ => 1,
        };

    private static IEnumerable<Func<double, double>> Triangles(AudioFeatureOptions options)
    {
        var isSlaney = options.Filters == MelFilters.Slaney;
        double Corner(int i)
        {
            var (from, to) = (Mel(options.LowestFrequency), Mel(options.HighestFrequency));
            return Hertz(from + (i * (to - from) / (options.Bands + 1)));
        }

        double Mel(double hertz) =>
            !isSlaney ? 2595 * Math.Log10(1 + (hertz / 700))
            : hertz < 1000 ? 3 * hertz / 200
            : 15 + (27 * Math.Log(hertz / 1000) / Math.Log(6.4));

        double Hertz(double mel) =>
            !isSlaney ? 700 * (Math.Pow(10, mel / 2595) - 1)
            : mel < 15 ? 200 * mel / 3
            : 1000 * Math.Pow(6.4, (mel - 15) / 27);

        for (var band = 0; band < options.Bands; band++)
        {
            var (low, centre, high) = (Corner(band), Corner(band + 1), Corner(band + 2));
            var height = isSlaney ? 2 / (high - low) : 1;
            yield return hertz => height * (hertz < centre ? (hertz - low) / (centre - low) : (high - hertz) / (high - centre));
        }
    }

    private static IEnumerable<double> Cepstrum(double[] x) =>
        x.Select(
            (_, k) =>
                Math.Sqrt((k == 0 ? 1.0 : 2.0) / x.Length) * x.Select((v, n) => v * Math.Cos(Math.PI * (n + 0.5) * k / x.Length)).Sum()
        );
}
