using System.Globalization;

namespace ModelCompiler.Sizes;

/// <summary>The sizes that a symbolic dimension may have when the program runs.</summary>
/// <param name="Symbol">Name of the dimension in the model.</param>
/// <param name="Smallest">The smallest, at least 1.</param>
/// <param name="Largest">The largest.</param>
public sealed record DimensionRange(string Symbol, int Smallest, int Largest)
{
    private const string Dots = "..";

    /// <summary>Number of sizes.</summary>
    public long Count => (long)Largest - Smallest + 1;

    /// <summary>Whether there is only one size, so that the dimension is fixed.</summary>
    public bool IsFixed => Smallest == Largest;

    /// <summary>Reads <c>batch=8</c> or <c>batch=1..8</c>; null where the text is neither.</summary>
    public static DimensionRange? Parse(string text)
    {
        // A symbol may itself contain the sign.
        var equals = text.LastIndexOf('=');
        if (equals <= 0)
        {
            return null;
        }

        var (symbol, sizes) = (text.Substring(0, equals).Trim(), text.Substring(equals + 1));
        var dots = sizes.IndexOf(Dots, StringComparison.Ordinal);
        var (first, last) = dots < 0 ? (sizes, sizes) : (sizes.Substring(0, dots), sizes.Substring(dots + Dots.Length));
        return Size(first) is { } smallest && Size(last) is { } largest && smallest <= largest
            ? new DimensionRange(symbol, smallest, largest)
            : null;
    }

    /// <summary>For example <c>batch 1 to 8</c>.</summary>
    public override string ToString() => IsFixed ? $"{Symbol} {Smallest}" : $"{Symbol} {Smallest} to {Largest}";

    private static int? Size(string text) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size >= 1 ? size : null;
}
