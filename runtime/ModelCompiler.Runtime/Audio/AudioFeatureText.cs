using System.Globalization;
using System.Numerics;
using System.Text;

namespace ModelCompiler.Audio;

/// <summary>The text form of options: one table of what may stand in it, for reading and for writing.</summary>
internal static class AudioFeatureText
{
    private static readonly string[] Kinds = ["log-mel", "mfcc"];

    // In the order in which they are written. Those of later lines may depend on those before.
    private static readonly Entry[] Entries =
    [
        Number("rate", o => o.SampleRate, (o, v) => Defaults(v) with { Kind = o.Kind }),
        Number(
            "window",
            o => o.WindowLength,
            (o, v) => o with { WindowLength = v, HopLength = Math.Max(v / 2, 1), FftLength = PowerOfTwo(v) }
        ),
        Number("hop", o => o.HopLength, (o, v) => o with { HopLength = v }),
        Number("fft", o => o.FftLength, (o, v) => o with { FftLength = v }),
        Choice<WindowFunction>("shape", o => o.Window, (o, v) => o with { Window = v }),
        Choice<SpectrumKind>("spectrum", o => o.Spectrum, (o, v) => o with { Spectrum = v }),
        Choice<MelFilters>("mel", o => o.Filters, (o, v) => o with { Filters = v }),
        Number("bands", o => o.Bands, (o, v) => o with { Bands = v }),
        Real("low", o => o.LowestFrequency, (o, v) => o with { LowestFrequency = v }),
        Real("high", o => o.HighestFrequency, (o, v) => o with { HighestFrequency = v }),
        Choice<BandLogarithm>("log", o => o.Logarithm, (o, v) => o with { Logarithm = v }),
        Real("floor", o => o.Floor, (o, v) => o with { Floor = v }) with
        {
            Where = o => o.Logarithm == BandLogarithm.Floor,
            Condition = "log=floor",
        },
        Real("range", o => o.Range, (o, v) => o with { Range = v }) with
        {
            Where = o => o.TakesRange,
            Condition = "log-mel and log=floor",
        },
        Number("coefficients", o => o.Coefficients, (o, v) => o with { Coefficients = v }) with
        {
            Where = o => o.Kind == AudioFeatureKind.Mfcc,
            Condition = "mfcc",
        },
        Number("frames", o => o.Frames, (o, v) => o with { Frames = v }),
    ];

    /// <summary>Windows of 32 ms, half overlapping.</summary>
    public static AudioFeatureOptions Defaults(int sampleRate)
    {
        var window = Math.Max((int)(sampleRate * 32L / 1000), 2);
        return new AudioFeatureOptions
        {
            SampleRate = sampleRate,
            WindowLength = window,
            HopLength = window / 2,
            FftLength = PowerOfTwo(window),
            HighestFrequency = sampleRate / 2f,
        };
    }

    public static AudioFeatureOptions Parse(string text)
    {
        try
        {
            var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            var kind = Array.IndexOf(Kinds, words.FirstOrDefault());
            if (kind < 0)
            {
                throw new FormatException($"it begins with {string.Join(" or ", Kinds)}");
            }

            var options = Read(Defaults(1) with { Kind = (AudioFeatureKind)kind }, Values(words.Skip(1)));
            return options.Fault() is { } fault ? throw new FormatException(fault) : options;
        }
        catch (FormatException e)
        {
            throw new FormatException($"audio features '{text}': {e.Message}", e);
        }
    }

    public static string Format(AudioFeatureOptions options)
    {
        var text = new StringBuilder(Kinds[(int)options.Kind]);
        foreach (var entry in Entries.Where(e => e.Where(options)))
        {
            text.Append(' ').Append(entry.Key).Append('=').Append(entry.Write(options));
        }

        return text.ToString();
    }

    private static AudioFeatureOptions Read(AudioFeatureOptions options, Dictionary<string, string> values)
    {
        if (!values.ContainsKey("rate"))
        {
            throw new FormatException("rate=… has to be there: samples a second");
        }

        foreach (var entry in Entries)
        {
            if (!values.Remove(entry.Key, out var value))
            {
                continue;
            }

            options = entry.Where(options)
                ? entry.Read(options, value)
                : throw new FormatException($"{entry.Key}={value} goes with {entry.Condition} only");
        }

        return values.Count == 0
            ? options
            : throw new FormatException($"'{values.Keys.First()}' is none of {string.Join(", ", Entries.Select(e => e.Key))}");
    }

    private static Dictionary<string, string> Values(IEnumerable<string> words)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var word in words)
        {
            if (word.Split('=') is not [{ Length: > 0 } key, { Length: > 0 } value])
            {
                throw new FormatException($"'{word}' is not of the form key=value");
            }

            if (!values.TryAdd(key, value))
            {
                throw new FormatException($"{key} is there twice");
            }
        }

        return values;
    }

    private static int PowerOfTwo(int atLeast) => (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(atLeast, 2, 1 << 30));

    private static Entry Number(string key, Func<AudioFeatureOptions, int> get, Func<AudioFeatureOptions, int, AudioFeatureOptions> set) =>
        new(
            key,
            o => get(o).ToString(CultureInfo.InvariantCulture),
            (o, text) =>
                int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                    ? set(o, value)
                    : throw new FormatException($"{key}={text} is no whole number")
        );

    private static Entry Real(
        string key,
        Func<AudioFeatureOptions, float> get,
        Func<AudioFeatureOptions, float, AudioFeatureOptions> set
    ) =>
        new(
            key,
            o => get(o).ToString("R", CultureInfo.InvariantCulture),
            (o, text) =>
                float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && float.IsFinite(value)
                    ? set(o, value)
                    : throw new FormatException($"{key}={text} is no number")
        );

    private static Entry Choice<T>(string key, Func<AudioFeatureOptions, T> get, Func<AudioFeatureOptions, T, AudioFeatureOptions> set)
        where T : struct, Enum
    {
        string[] names = [.. Enum.GetNames<T>().Select(n => n.ToLowerInvariant())];
        var values = Enum.GetValues<T>();
        return new(
            key,
            o => names[Array.IndexOf(values, get(o))],
            (o, text) =>
                Array.IndexOf(names, text) is >= 0 and var index
                    ? set(o, values[index])
                    : throw new FormatException($"{key}={text} is none of {string.Join(", ", names)}")
        );
    }

    private sealed record Entry(
        string Key,
        Func<AudioFeatureOptions, string> Write,
        Func<AudioFeatureOptions, string, AudioFeatureOptions> Read
    )
    {
        /// <summary>Whether the options look at this one, which <see cref="Condition"/> says in words.</summary>
        public Func<AudioFeatureOptions, bool> Where { get; init; } = _ => true;

        public string Condition { get; init; } = "";
    }
}
