using ModelCompiler.Training;
using ScottPlot;

namespace ModelCompiler.Cli.Reports;

/// <summary>The picture of a training: loss on the left axis, accuracy on the right.</summary>
internal static class TrainingCurve
{
    private const int Width = 900;
    private const int Height = 500;

    /// <summary>The picture as the content of a PNG file.</summary>
    public static byte[] ToPng(string title, IReadOnlyList<EpochResult> epochs)
    {
        var plot = new Plot();
        plot.Title(title);
        plot.XLabel("epoch");
        plot.YLabel("loss");
        double[] numbers = [.. epochs.Select(e => (double)e.Epoch)];
        Add(plot, numbers, [.. epochs.Select(e => e.TrainingLoss)], "training loss");
        Add(plot, numbers, [.. epochs.Select(e => e.ValidationLoss)], "validation loss");
        if (epochs.All(e => e.ValidationAccuracy is not null))
        {
            plot.Axes.Right.Label.Text = "accuracy, %";
            Add(plot, numbers, [.. epochs.Select(e => 100 * e.ValidationAccuracy!.Value)], "validation accuracy").Axes.YAxis =
                plot.Axes.Right;
        }

        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic { IntegerTicksOnly = true };
        plot.ShowLegend(Alignment.MiddleRight);
        return plot.GetImageBytes(Width, Height, ImageFormat.Png);
    }

    private static ScottPlot.Plottables.Scatter Add(Plot plot, double[] x, double[] y, string name)
    {
        var line = plot.Add.Scatter(x, y);
        line.LegendText = name;
        line.LineWidth = 2;
        return line;
    }
}
