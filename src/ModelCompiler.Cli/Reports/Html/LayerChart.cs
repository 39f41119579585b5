using System.Xml.Linq;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Reports.Html;

/// <summary>Bars of each layer beside each other: arithmetic, bytes of weights and, where it was measured, time.</summary>
internal static class LayerChart
{
    private const double NameWidth = 250;
    private const int NameCharacters = 36;
    private const double PanelWidth = 210;

    // Room for the number behind the longest bar.
    private const double NumberWidth = 64;
    private const double RowHeight = 20;
    private const double Top = 26;

    /// <summary>One column of bars.</summary>
    private sealed record Panel(string Heading, string Style, IReadOnlyList<double> Values, Func<double, string> Format);

    public static XElement Draw(ModelFacts model)
    {
        var panels = new List<Panel>
        {
            new("MAC", "macs", [.. model.Program.Steps.Select(s => (double)s.Macs)], v => Amount.Of((long)v)),
            new("weights in the binary", "bytes", [.. model.Weights.Select(w => (double)w.BakedBytes)], v => Amount.Bytes((long)v)),
        };
        if (model.Time is { } time)
        {
            panels.Add(new("time", "time", time.LayerMs, Amount.Milliseconds));
        }

        return Svg.Picture(
            $"Layers of {model.Name}: {string.Join(", ", panels.Select(p => p.Heading))}",
            "layers",
            NameWidth + (panels.Count * (PanelWidth + 10)),
            Top + (model.Program.Steps.Count * RowHeight) + 6,
            panels.SelectMany((p, i) => Bars(p, NameWidth + (i * (PanelWidth + 10)), model)),
            model.Program.Steps.Select(
                (s, i) => Svg.Text(NameWidth - 8, Top + (i * RowHeight) + 14, Svg.End(s.Name, NameCharacters), "detail", "end")
            )
        );
    }

    private static IEnumerable<XElement> Bars(Panel panel, double left, ModelFacts model)
    {
        yield return Svg.Text(left, 16, panel.Heading, "heading");
        var most = panel.Values.DefaultIfEmpty(0).Max();
        for (var i = 0; i < panel.Values.Count; i++)
        {
            var y = Top + (i * RowHeight);
            yield return Svg.Line(left, y, left, y + RowHeight, "grid");
            if (panel.Values[i] <= 0)
            {
                continue;
            }

            var length = Math.Max(1, panel.Values[i] / most * (PanelWidth - NumberWidth));
            var number = panel.Format(panel.Values[i]);
            yield return Svg.Rectangle(
                left,
                y + 3,
                length,
                RowHeight - 6,
                "bar " + panel.Style,
                $"{model.Program.Steps[i].Name}: {number}",
                radius: 1.5
            );
            yield return Svg.Text(left + length + 4, y + 14, number, "axis");
        }
    }
}
