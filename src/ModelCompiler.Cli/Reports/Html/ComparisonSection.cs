using System.Globalization;
using System.Xml.Linq;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Reports.Html;

/// <summary>Several models beside each other: the first is what the others are measured against.</summary>
internal static class ComparisonSection
{
    private const double LabelWidth = 130;
    private const double BarWidth = 420;
    private const double BarHeight = 13;
    private const double GroupGap = 12;
    private const int Colours = 6;

    /// <summary>A quantity that models are compared by.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Of">Its value; null where it was not measured.</param>
    /// <param name="Format">The value for people.</param>
    private sealed record Quantity(string Name, Func<ModelFacts, double?> Of, Func<double, string> Format)
    {
        /// <summary>Whether it is what a model costs, of which ratios say something; else differences do.</summary>
        public bool IsCost { get; init; } = true;
    }

    private static readonly IReadOnlyList<Quantity> Quantities =
    [
        new("accuracy", m => m.Accuracy, CompressionReport.Percent) { IsCost = false },
        new("MAC", m => m.Macs, v => Amount.Of((long)v)),
        new("weights, as baked", m => m.WeightBytes, Bytes),
        new("arena", m => m.ArenaBytes, Bytes),
        new("ONNX file", m => m.FileBytes, Bytes),
        new("growth of the binary", m => m.Published?.Growth.FileBytes, Bytes),
        new("growth of its sections", m => m.Published?.Growth.LoadedBytes, Bytes),
        new("time of a call", m => m.Time?.OursMs, Amount.Milliseconds),
    ];

    public static IEnumerable<XElement> Of(IReadOnlyList<ModelFacts> models)
    {
        var names = models.Select(m => m.Name).ToList();
        var known = Quantities.Where(q => models.Any(m => q.Of(m) is not null)).ToList();
        yield return PageTable.Of(
            $"Each beside {names[0]}, which is before; × is the ratio to it",
            "comparison",
            [new("", IsNumber: false), .. names.Select(n => new Column(n))],
            known.Select(q => Row(q, models))
        );
        yield return Picture([.. known.Where(q => q.IsCost)], models, names);
    }

    private static List<TableCell> Row(Quantity quantity, IReadOnlyList<ModelFacts> models) =>
        [
            new(quantity.Name),
            .. models.Select(
                (model, i) =>
                    quantity.Of(model) is { } value
                        ? new TableCell(quantity.Format(value), value) { Note = i > 0 ? Change(quantity, models[0], value) : null }
                        : new TableCell("not measured")
            ),
        ];

    private static string? Change(Quantity quantity, ModelFacts first, double value) =>
        quantity.Of(first) is not { } before ? null
        : !quantity.IsCost ? string.Create(CultureInfo.InvariantCulture, $" {100 * (value - before):+0.00;−0.00;±0.00} points")
        : before > 0 ? " ×" + Amount.Number(value / before)
        : null;

    private static XElement Picture(List<Quantity> quantities, IReadOnlyList<ModelFacts> models, IReadOnlyList<string> names)
    {
        var groupHeight = (models.Count * BarHeight) + GroupGap;
        return Svg.Picture(
            $"{string.Join(", ", quantities.Select(q => q.Name))} of {string.Join(", ", names)}, each relative to the largest",
            "comparison",
            LabelWidth + BarWidth + 120,
            (quantities.Count * groupHeight) + 24,
            quantities.Select((q, i) => Group(q, models, names, i * groupHeight)),
            names.Select((n, i) => Legend(n, i, names, quantities.Count * groupHeight))
        );
    }

    private static XElement Group(Quantity quantity, IReadOnlyList<ModelFacts> models, IReadOnlyList<string> names, double top)
    {
        var values = models.Select(m => quantity.Of(m) ?? 0).ToArray();
        var most = Math.Max(values.Max(), double.Epsilon);
        return Svg.Group(
            "",
            Svg.Text(LabelWidth - 8, top + (models.Count * BarHeight / 2) + 4, quantity.Name, "detail", "end"),
            values.Select(
                (value, i) =>
                    Svg.Rectangle(
                        LabelWidth,
                        top + (i * BarHeight),
                        value <= 0 ? 0 : Math.Max(1, value / most * BarWidth),
                        BarHeight - 2,
                        $"bar colour{i % Colours}",
                        $"{names[i]}: {quantity.Format(value)}",
                        radius: 1.5
                    )
            ),
            values.Select(
                (value, i) =>
                    value <= 0
                        ? null
                        : Svg.Text(LabelWidth + (value / most * BarWidth) + 6, top + (i * BarHeight) + 10, quantity.Format(value), "axis")
            )
        );
    }

    private static XElement Legend(string name, int index, IReadOnlyList<string> names, double top)
    {
        const int characters = 24;
        // Each begins behind the one before, whose letters are about 7 CSS pixels wide.
        var left = LabelWidth + names.Take(index).Sum(n => (Math.Min(n.Length, characters) * 7) + 34);
        return Svg.Group(
            "",
            Svg.Rectangle(left, top + 4, 12, 12, $"bar colour{index % Colours}"),
            Svg.Text(left + 17, top + 14, Svg.End(name, characters), "axis")
        );
    }

    private static string Bytes(double bytes) => Amount.Bytes((long)bytes);
}
