using System.Globalization;

namespace ModelCompiler.Compression.Data;

/// <summary>Rows at the beginning of a table, or of each of its groups: so many, or a share of them.</summary>
public sealed record LeadingRows
{
    private readonly int? _count;
    private readonly double _share;

    private LeadingRows(int? count, double share) => (_count, _share) = (count, share);

    /// <summary>Reads what a user writes: a number from 1, as in <c>400</c>, or percent above 0 and below 100, as in <c>35%</c>.</summary>
    /// <exception cref="FormatException">The text is neither.</exception>
    public static LeadingRows Parse(string text)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= 1)
        {
            return new(count, 0);
        }

        return
            text.EndsWith('%')
            && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent)
            && percent is > 0 and < 100
            ? new(null, percent / 100)
            : throw new FormatException(
                $"'{text}' is neither a number of rows from 1 nor percent of them above 0 and below 100, as in 35%"
            );
    }

    /// <summary>How many rows these are.</summary>
    /// <param name="rows">Rows of the table, or of the group.</param>
    public int Of(int rows) => Math.Min(_count ?? (int)Math.Round(rows * _share), rows);
}
