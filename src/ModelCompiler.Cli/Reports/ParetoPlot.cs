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
        var all = Add(plot, knowledge, knowledge.Trials.Where(t => t.IsMeasured), "measured");
        all.LineWidth = 0;
        all.MarkerSize = SmallMarker;
        all.Color = Colors.Gray;
        Add(plot, knowledge, ParetoFront.Of(knowledge.Trials, knowledge.Baseline.Size!), "no other is better").LineWidth = 2;
        Mark(plot, knowledge, knowledge.Baseline, "baseline", MarkerShape.FilledSquare);
        Mark(plot, knowledge, chosen, "chosen", MarkerShape.FilledDiamond);
        var floor = plot.Add.HorizontalLine(100 * knowledge.Goal.Floor(knowledge.OriginalAccuracy));
        floor.LegendText = "least that is enough";
        floor.LinePattern = LinePattern.Dashed;
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

    private static void Mark(Plot plot, SearchKnowledge knowledge, Trial trial, string name, MarkerShape shape)
    {
        var mark = Add(plot, knowledge, [trial], name);
        mark.MarkerShape = shape;
        mark.MarkerSize = LargeMarker;
    }
}
