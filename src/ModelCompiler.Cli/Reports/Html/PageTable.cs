using System.Globalization;
using System.Xml.Linq;

namespace ModelCompiler.Cli.Reports.Html;

/// <summary>A cell of a table: what people read, and the number or text that it is sorted by.</summary>
/// <param name="Text">What stands there.</param>
/// <param name="Value">The number; null where the cell holds text.</param>
internal sealed record TableCell(string Text, double? Value = null)
{
    /// <summary>A text of a second line in small letters.</summary>
    public string? Note { get; init; }

    public static TableCell Of(long value, Func<long, string> format) => new(value == 0 ? "" : format(value), value);
}

/// <summary>A column of a table.</summary>
/// <param name="Heading">What stands above it.</param>
/// <param name="IsNumber">Whether it holds numbers, which stand to the right.</param>
internal sealed record Column(string Heading, bool IsNumber = true);

/// <summary>Tables that scroll where they are wider than the page.</summary>
internal static class PageTable
{
    /// <param name="caption">What the table holds.</param>
    /// <param name="kind">A class, by which the style and the tests know it.</param>
    /// <param name="columns">The columns; the first names the row.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="sum">A row below all others; null for none.</param>
    /// <param name="sortable">Whether the page's script lets headings sort the rows.</param>
    public static XElement Of(
        string caption,
        string kind,
        IReadOnlyList<Column> columns,
        IEnumerable<IReadOnlyList<TableCell>> rows,
        IReadOnlyList<TableCell>? sum = null,
        bool sortable = false
    ) =>
        new(
            "div",
            new XAttribute("class", "scroll"),
            new XAttribute("tabindex", "0"),
            new XAttribute("role", "group"),
            new XAttribute("aria-label", caption + ", scrolls"),
            new XElement(
                "table",
                new XAttribute("class", sortable ? kind + " sortable" : kind),
                new XElement("caption", caption),
                new XElement(
                    "thead",
                    new XElement(
                        "tr",
                        columns.Select(c => new XElement("th", new XAttribute("scope", "col"), Style(c.IsNumber), c.Heading))
                    )
                ),
                new XElement("tbody", rows.Select(r => Row(r, columns))),
                sum is null ? null : new XElement("tfoot", Row(sum, columns))
            )
        );

    private static XElement Row(IReadOnlyList<TableCell> cells, IReadOnlyList<Column> columns) =>
        new(
            "tr",
            cells.Zip(
                columns,
                (cell, column) =>
                    new XElement(
                        ReferenceEquals(column, columns[0]) ? "th" : "td",
                        ReferenceEquals(column, columns[0]) ? new XAttribute("scope", "row") : null,
                        Style(column.IsNumber),
                        cell.Value is { } value ? new XAttribute("data-value", value.ToString("R", CultureInfo.InvariantCulture)) : null,
                        cell.Text,
                        cell.Note is null ? null : new XElement("small", cell.Note)
                    )
            )
        );

    private static XAttribute? Style(bool isNumber) => isNumber ? new XAttribute("class", "number") : null;
}
