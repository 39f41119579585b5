using ModelCompiler.Compression.Search;
using ScottPlot;

namespace ModelCompiler.Cli.Reports;

/// <summary>The picture of a search: what models cost to the right, how accurate they are upwards.</summary>
internal static class ParetoPlot
{
    private const int Width = 900;
    private const int Height = 600;
    private const float SmallMarker = 5;
    private const float LargeMarker = 14;

    /// <summary>The picture as the content of a PNG file.</summary>
    public static byte[] ToPng(string title, SearchKnowledge knowledge, Trial chosen)
    {
        var plot = new Plot();
        plot.Title(title);
        plot.XLabel("mean of the shares of the baseline's operations and bytes of weights");
        plot.YLabel("validation accuracy, %");
        var front = ParetoFront.Of(knowledge.Trials, knowledge.Baseline.Size!);
        // Some of the front are cheap in bytes and dear in operations, or the other way round: to the right, where both are one number,
        // others are above them, and a line through all would go up and down.
        var highest = front.Where((t, i) => front.Take(i).All(cheaper => cheaper.Accuracy < t.Accuracy));
        var line = Add(plot, knowledge, highest, "");
        line.MarkerSize = 0;
        line.LineWidth = 2;
        line.Color = Colors.Orange;
        Scatter(plot, knowledge, knowledge.Trials.Where(t => t.IsMeasured), "measured", Colors.Gray);
        Scatter(plot, knowledge, front, "no other is better", Colors.Orange);
        Mark(plot, knowledge, knowledge.Baseline, "baseline", MarkerShape.FilledSquare, Colors.Green);
        Mark(plot, knowledge, chosen, "chosen", MarkerShape.FilledDiamond, Colors.Red);
        var floor = plot.Add.HorizontalLine(100 * knowledge.Goal.Floor(knowledge.OriginalAccuracy));
        floor.LegendText = "least that is enough";
        floor.LinePattern = LinePattern.Dashed;
        floor.Color = Colors.Purple;
        plot.ShowLegend(Alignment.LowerRight);
        return plot.GetImageBytes(Width, Height, ImageFormat.Png);
    }

    private static ScottPlot.Plottables.Scatter Add(Plot plot, SearchKnowledge knowledge, IEnumerable<Trial> trials, string name)
    {
        double[] costs = [.. trials.Select(t => knowledge.Objective(t.Size!))];
        double[] accuracies = [.. trials.Select(t => 100 * t.Accuracy!.Value)];
        var points = plot.Add.Scatter(costs, accuracies);
        points.LegendText = name;
        return points;
    }

    private static void Scatter(Plot plot, SearchKnowledge knowledge, IEnumerable<Trial> trials, string name, Color color)
    {
        var points = Add(plot, knowledge, trials, name);
        points.LineWidth = 0;
        points.MarkerSize = SmallMarker;
        points.Color = color;
    }

    private static void Mark(Plot plot, SearchKnowledge knowledge, Trial trial, string name, MarkerShape shape, Color color)
    {
        var mark = Add(plot, knowledge, [trial], name);
        mark.Color = color;
        mark.MarkerShape = shape;
        mark.MarkerSize = LargeMarker;
    }
}
