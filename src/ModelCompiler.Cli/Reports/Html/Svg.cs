using System.Globalization;
using System.Xml.Linq;

namespace ModelCompiler.Cli.Reports.Html;

/// <summary>Elements of pictures: numbers with at most two decimals, the same on every machine.</summary>
internal static class Svg
{
    /// <summary>A picture that says of itself what it shows, and scrolls where it is wider than the page.</summary>
    /// <param name="label">What it shows, for those who cannot see it.</param>
    /// <param name="kind">A class, by which the style and the tests know it.</param>
    /// <param name="width">Width in CSS pixels.</param>
    /// <param name="height">Height in CSS pixels.</param>
    /// <param name="content">What is in it.</param>
    public static XElement Picture(string label, string kind, double width, double height, params object?[] content) =>
        new(
            "div",
            new XAttribute("class", "scroll " + kind),
            new XAttribute("tabindex", "0"),
            new XAttribute("role", "group"),
            new XAttribute("aria-label", label + ", scrolls"),
            new XElement(
                "svg",
                new XAttribute("role", "img"),
                new XAttribute("aria-label", label),
                new XAttribute("width", Number(width)),
                new XAttribute("height", Number(height)),
                new XAttribute("viewBox", $"0 0 {Number(width)} {Number(height)}"),
                new XElement("title", label),
                content
            )
        );

    /// <summary>A rectangle; the title is what a pointer above it shows.</summary>
    public static XElement Rectangle(
        double x,
        double y,
        double width,
        double height,
        string style,
        string? title = null,
        double radius = 0
    ) =>
        new(
            "rect",
            new XAttribute("x", Number(x)),
            new XAttribute("y", Number(y)),
            new XAttribute("width", Number(Math.Max(0, width))),
            new XAttribute("height", Number(Math.Max(0, height))),
            radius > 0 ? new XAttribute("rx", Number(radius)) : null,
            new XAttribute("class", style),
            title is null ? null : new XElement("title", title)
        );

    public static XElement Line(double x1, double y1, double x2, double y2, string style) =>
        new(
            "line",
            new XAttribute("x1", Number(x1)),
            new XAttribute("y1", Number(y1)),
            new XAttribute("x2", Number(x2)),
            new XAttribute("y2", Number(y2)),
            new XAttribute("class", style)
        );

    public static XElement Circle(double x, double y, double radius, string style, string? title = null) =>
        new(
            "circle",
            new XAttribute("cx", Number(x)),
            new XAttribute("cy", Number(y)),
            new XAttribute("r", Number(radius)),
            new XAttribute("class", style),
            title is null ? null : new XElement("title", title)
        );

    public static XElement Path(string commands, string style, string? title = null) =>
        new("path", new XAttribute("d", commands), new XAttribute("class", style), title is null ? null : new XElement("title", title));

    /// <summary>A line of text.</summary>
    /// <param name="anchor"><c>start</c>, <c>middle</c> or <c>end</c>: what of the text stands at x.</param>
    public static XElement Text(double x, double y, string text, string style = "", string anchor = "start") =>
        new(
            "text",
            new XAttribute("x", Number(x)),
            new XAttribute("y", Number(y)),
            style.Length > 0 ? new XAttribute("class", style) : null,
            anchor == "start" ? null : new XAttribute("text-anchor", anchor),
            text
        );

    public static XElement Group(string style, params object?[] content) =>
        new("g", style.Length > 0 ? new XAttribute("class", style) : null, content);

    /// <summary>A number as attributes have it.</summary>
    public static string Number(double value) =>
        // Adding zero turns a negative zero, which rounding may give, into a zero.
        (Math.Round(value, 2) + 0).ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>A text of at most so many characters; of a longer one the end, because names of nodes begin alike.</summary>
    public static string End(string text, int length) => text.Length <= length ? text : "…" + text[^(length - 1)..];

    /// <summary>A text of at most so many characters; of a longer one the beginning.</summary>
    public static string Start(string text, int length) => text.Length <= length ? text : text[..(length - 1)] + "…";
}
