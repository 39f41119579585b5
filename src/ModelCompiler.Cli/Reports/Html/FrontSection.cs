using System.Globalization;
using System.Xml.Linq;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Reports.Html;

/// <summary>What a search has found: accuracy against arithmetic and against bytes, and a table of the models.</summary>
internal static class FrontSection
{
    private const double Left = 62;
    private const double PanelWidth = 300;
    private const double PanelGap = 90;
    private const double Top = 16;
    private const double Height = 220;

    /// <summary>A point with what it is among the others.</summary>
    private sealed record Marked(FrontPoint Point, string Style, string Text);

    public static IEnumerable<XElement> Of(SearchFront search)
    {
        var found = search.Chosen is { } chosen && !search.Front.Any(p => IsChosen(p, search)) ? search.Front.Append(chosen) : search.Front;
        var points = found
            .Select(p => new Marked(p, IsChosen(p, search) ? "chosen" : "front", p.Design))
            .Prepend(new Marked(search.Baseline, "baseline", "baseline: " + search.Baseline.Design))
            .ToList();
        yield return Svg.Picture(
            $"Pareto front of {search.Front.Count} models: accuracy against multiply-accumulates and against bytes of weights",
            "pareto",
            Left + (2 * PanelWidth) + PanelGap + 40,
            Top + Height + 68,
            Panel(points, p => p.Macs, v => Amount.Of((long)v), "MAC", Left, unit: 1),
            Panel(
                points,
                p => p.WeightBytes,
                v => Amount.Bytes((long)v),
                "weights in the binary",
                Left + PanelWidth + PanelGap,
                unit: 1024
            ),
            Legend()
        );
        yield return new XElement("p", Sentence(search));
        yield return Table(search);
        yield return Commands(search);
    }

    /// <summary>Whether a point is the chosen one; a design alone may be there several times, trained for longer or shorter.</summary>
    private static bool IsChosen(FrontPoint point, SearchFront search) =>
        search.Chosen is { } chosen
        && (point.Design, point.Macs, point.WeightBytes, point.ValidationAccuracy)
            == (chosen.Design, chosen.Macs, chosen.WeightBytes, chosen.ValidationAccuracy);

    private static string Sentence(SearchFront search) =>
        search.Chosen is not { } chosen ? "No model was chosen."
        : chosen.TestAccuracy is { } test && search.Baseline.TestAccuracy is { } before
            ? $"Chosen: {chosen.Design}. On the test items, which had no part in the choice, it gets {Percent(test)} right, the baseline {Percent(before)}."
        : $"Chosen: {chosen.Design}.";

    private static IEnumerable<XElement> Panel(
        IReadOnlyList<Marked> points,
        Func<FrontPoint, double> cost,
        Func<double, string> format,
        string heading,
        double left,
        double unit
    )
    {
        var most = Math.Max(1, points.Max(p => cost(p.Point)) * 1.05);
        var (low, high) = (points.Min(p => p.Point.ValidationAccuracy), points.Max(p => p.Point.ValidationAccuracy));
        var margin = Math.Max(0.002, (high - low) * 0.12);
        (low, high) = (low - margin, high + margin);
        double X(double value) => left + (value / most * PanelWidth);
        double Y(double value) => Top + ((high - value) / (high - low) * Height);

        foreach (var accuracy in Ticks.Between(low, high, 6))
        {
            yield return Svg.Line(left, Y(accuracy), left + PanelWidth, Y(accuracy), "grid");
            yield return Svg.Text(left - 6, Y(accuracy) + 4, Percent(accuracy), "axis", "end");
        }

        foreach (var costs in Ticks.Between(0, most, 4, unit))
        {
            yield return Svg.Line(X(costs), Top, X(costs), Top + Height, "grid");
            yield return Svg.Text(X(costs), Top + Height + 16, format(costs), "axis", "middle");
        }

        yield return Svg.Text(left + (PanelWidth / 2), Top + Height + 34, heading, "axis", "middle");
        // The front is a staircase: to the right of a point and below it all is worse.
        var best = Staircase([.. points.Skip(1)], cost);
        yield return Svg.Path(
            string.Join(
                "",
                best.Select(
                    (p, i) =>
                        i == 0
                            ? $"M{Svg.Number(X(cost(p)))},{Svg.Number(Y(p.ValidationAccuracy))}"
                            : $"H{Svg.Number(X(cost(p)))}V{Svg.Number(Y(p.ValidationAccuracy))}"
                )
            ),
            "staircase"
        );
        foreach (var point in points)
        {
            yield return Svg.Circle(
                X(cost(point.Point)),
                Y(point.Point.ValidationAccuracy),
                point.Style == "front" ? 4.5 : 6.5,
                "point " + point.Style,
                $"{point.Text}\n{Percent(point.Point.ValidationAccuracy)}, {format(cost(point.Point))}"
            );
        }
    }

    /// <summary>The points that no other beats in both, by cost.</summary>
    private static List<FrontPoint> Staircase(IReadOnlyList<Marked> points, Func<FrontPoint, double> cost)
    {
        var best = new List<FrontPoint>();
        foreach (var point in points.Select(p => p.Point).OrderBy(cost).ThenByDescending(p => p.ValidationAccuracy))
        {
            if (best.Count == 0 || point.ValidationAccuracy > best[^1].ValidationAccuracy)
            {
                best.Add(point);
            }
        }

        return best;
    }

    private static IEnumerable<XElement> Legend()
    {
        var left = Left;
        foreach (var (style, text) in new[] { ("baseline", "baseline"), ("front", "found"), ("chosen", "chosen") })
        {
            yield return Svg.Circle(left + 6, Top + Height + 55, style == "front" ? 4.5 : 6.5, "point " + style);
            yield return Svg.Text(left + 18, Top + Height + 59, text, "axis");
            left += 100;
        }
    }

    private static XElement Table(SearchFront search)
    {
        Column[] columns =
        [
            new("design", IsNumber: false),
            new("validation accuracy"),
            new("MAC"),
            new("weights"),
            new("arena"),
            new("(C/C₀ + S/S₀)/2"),
        ];
        return PageTable.Of(
            "Models of the front; C is arithmetic and S bytes of weights, each relative to the baseline's",
            "pareto",
            columns,
            search
                .Front.Select(p => Row(p, IsChosen(p, search) ? "chosen" : null, search.Baseline))
                .Prepend(Row(search.Baseline, "baseline", search.Baseline)),
            sortable: true
        );
    }

    private static TableCell[] Row(FrontPoint point, string? note, FrontPoint baseline)
    {
        var objective = baseline is { Macs: > 0, WeightBytes: > 0 }
            ? (((double)point.Macs / baseline.Macs) + ((double)point.WeightBytes / baseline.WeightBytes)) / 2
            : (double?)null;
        return
        [
            new(point.Design) { Note = note is null ? null : " " + note },
            new(Percent(point.ValidationAccuracy), point.ValidationAccuracy),
            new(Amount.Of(point.Macs), point.Macs),
            new(Amount.Bytes(point.WeightBytes), point.WeightBytes),
            new(Amount.Bytes(point.ArenaBytes), point.ArenaBytes),
            new(objective is { } value ? Amount.Number(value) : "", objective),
        ];
    }

    /// <summary>How each is made again.</summary>
    private static XElement Commands(SearchFront search) =>
        new(
            "details",
            new XElement("summary", "Commands that make them"),
            search
                .Front.Where(p => p.Commands.Count > 0)
                .Select(p => new object[] { new XElement("h4", p.Design), new XElement("pre", string.Join("\n", p.Commands)) })
        );

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:F2} %");
}
