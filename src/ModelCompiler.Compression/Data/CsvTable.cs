using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;

namespace ModelCompiler.Compression.Data;

/// <summary>A table of comma- or semicolon-separated values, as text.</summary>
/// <param name="Path">The file.</param>
/// <param name="Names">Names of the columns; null where its first row has none.</param>
/// <param name="Rows">The rows, each with as many cells.</param>
/// <param name="Lines">The line of the file on which each row ends, from 1.</param>
internal sealed record CsvTable(string Path, IReadOnlyList<string>? Names, IReadOnlyList<string[]> Rows, IReadOnlyList<int> Lines)
{
    private const char Semicolon = ';';

    /// <summary>Number of columns.</summary>
    public int Columns => Rows[0].Length;

    /// <summary>Reads a file. It is separated by semicolons where its first line has one, else by commas.</summary>
    /// <param name="path">The file.</param>
    /// <param name="header">Whether the first row has names; null where it has if a cell of it is no number above one that is.</param>
    /// <exception cref="CompressionException">Rows differ in length, quotes are wrong, or there are no rows.</exception>
    public static CsvTable Read(string path, bool? header)
    {
        var (rows, lines) = (new List<string[]>(), new List<int>());
        using var text = new StreamReader(path);
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            Delimiter = File.ReadLines(path).FirstOrDefault()?.Contains(Semicolon, StringComparison.Ordinal) == true ? ";" : ",",
            TrimOptions = TrimOptions.Trim,
        };
        using var parser = new CsvParser(text, configuration);
        try
        {
            while (parser.Read())
            {
                var row = parser.Record!;
                if (rows.Count > 0 && row.Length != rows[0].Length)
                {
                    throw new CompressionException(
                        $"{path}, line {parser.RawRow}: {rows[0].Length} cells were expected, found {row.Length}"
                    );
                }

                rows.Add(row);
                lines.Add(parser.RawRow);
            }
        }
        catch (CsvHelperException e)
        {
            throw new CompressionException($"{path}, line {parser.RawRow}: the quotes of this line are wrong", e);
        }

        var names = rows.Count > 0 && (header ?? HasNames(rows)) ? rows[0] : null;
        var skipped = names is null ? 0 : 1;
        return rows.Count > skipped
            ? new(path, names, rows[skipped..], lines[skipped..])
            : throw new CompressionException($"{path} has no rows");
    }

    /// <summary>A column that the user names, or gives the number of, from 1.</summary>
    /// <exception cref="CompressionException">There is none.</exception>
    public int Column(string text)
    {
        if (Names?.ToList().IndexOf(text) is >= 0 and var named)
        {
            return named;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= Columns
            ? number - 1
            : throw new CompressionException(
                $"{Path} has no column '{text}'; it has {(Names is null ? $"{Columns} columns without names" : string.Join(", ", Names))}"
            );
    }

    /// <summary>Columns by names, numbers and ranges of numbers such as <c>2-9</c>, in the order in which they are given.</summary>
    /// <exception cref="CompressionException">There is no such column.</exception>
    public IReadOnlyList<int> ColumnsOf(IEnumerable<string> texts) =>
        [
            .. texts.SelectMany(text =>
                Names?.Contains(text) != true && text.Split('-') is [var first, var last] && Column(first) <= Column(last)
                    ? Enumerable.Range(Column(first), Column(last) - Column(first) + 1)
                    : [Column(text)]
            ),
        ];

    /// <summary>A cell as a number.</summary>
    /// <exception cref="CompressionException">It is none, or not a finite one; the message names file, line and column.</exception>
    public float Number(int row, int column) =>
        TryNumber(Rows[row][column], out var number)
            ? number
            : throw new CompressionException(
                $"{Path}, line {Lines[row]}, column {Name(column)}: '{Rows[row][column]}' is no finite number"
            );

    /// <summary>A column for messages.</summary>
    public string Name(int column) => Names is null ? $"{column + 1}" : $"'{Names[column]}'";

    private static bool TryNumber(string cell, out float number) =>
        float.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && float.IsFinite(number);

    private static bool HasNames(List<string[]> rows) =>
        rows.Count > 1 && rows[0].Zip(rows[1]).Any(c => !TryNumber(c.First, out _) && TryNumber(c.Second, out _));
}
