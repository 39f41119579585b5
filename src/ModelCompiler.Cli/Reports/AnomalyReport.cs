using System.Globalization;
using ModelCompiler.Compression.Anomalies;
using Spectre.Console;

namespace ModelCompiler.Cli.Reports;

/// <summary>How well <c>modelc accuracy</c> has seen a network find anomalies.</summary>
/// <param name="Quantile">The part of the normal items that shall have no alarm.</param>
/// <param name="NormalItems">Number of items whose errors make the threshold.</param>
/// <param name="AnomalousItems">Number of measured items that are anomalous; null where the data do not say it.</param>
/// <param name="Ours">What the compiled code finds.</param>
/// <param name="Onnxruntime">What ONNX Runtime finds.</param>
/// <param name="DifferentAlarms">Number of items for which only one of the two gives an alarm, and not by rounding.</param>
/// <param name="Remarks">What cannot be said, and why.</param>
internal sealed record AnomalyReport(
    double Quantile,
    int NormalItems,
    int? AnomalousItems,
    AnomalyReport.Detection Ours,
    AnomalyReport.Detection Onnxruntime,
    int DifferentAlarms,
    IReadOnlyList<string> Remarks
)
{
    public static AnomalyReport Of(AnomalyData data, AnomalyDetection ours, AnomalyDetection oracle) =>
        new(
            data.Quantile,
            data.Normal.Count,
            data.Anomalous?.Count(a => a),
            Detection.Of(ours),
            Detection.Of(oracle),
            ours.DifferentAlarms(oracle),
            [.. Missing(ours)]
        );

    public void Print(IAnsiConsole console)
    {
        var table = new Table().AddColumns("", "compiled code", "ONNX Runtime");
        Row("mean error", d => Number(d.MeanError));
        Row("threshold", d => Number(d.Threshold));
        Row("alarms", d => $"{d.Alarms}");
        if (AnomalousItems is not null)
        {
            Row("precision", d => Share(d.Precision));
            Row("recall", d => Share(d.Recall));
            Row("F1", d => Share(d.F1));
            Row("false-alarm rate", d => Share(d.FalseAlarmRate));
            Row("missed-alarm rate", d => Share(d.MissedAlarmRate));
            Row("area under ROC", d => Share(d.AreaUnderRoc));
        }

        console.Write(table);
        foreach (var remark in Remarks)
        {
            console.WriteLine(remark);
        }

        void Row(string name, Func<Detection, string> of) => table.AddRow(name, of(Ours), of(Onnxruntime));
    }

    /// <summary>What cannot be said of items that are all of one kind.</summary>
    private static IEnumerable<string> Missing(AnomalyDetection detection)
    {
        if (detection.Counts is { Anomalous: 0 } normal)
        {
            yield return $"None of the {normal.Normal} items is anomalous, so that there is no recall, no F1, no rate of missed alarms and no ROC curve.";
        }

        if (detection.Counts is { Normal: 0 } anomalous)
        {
            yield return $"All of the {anomalous.Anomalous} items are anomalous, so that there is no rate of false alarms and no ROC curve.";
        }

        if (detection.Counts is { Precision: null })
        {
            yield return "There is no alarm, and so no precision.";
        }
    }

    private static string Number(double value) => value.ToString("G6", CultureInfo.InvariantCulture);

    private static string Share(double? value) => value?.ToString("F4", CultureInfo.InvariantCulture) ?? "";

    /// <summary>What one of the two finds; counts and what follows from them are null where the data say nothing of their items, and shares of nothing too.</summary>
    internal sealed record Detection(
        double MeanError,
        double Threshold,
        int Alarms,
        int? TruePositives,
        int? FalsePositives,
        int? FalseNegatives,
        int? TrueNegatives,
        double? Precision,
        double? Recall,
        double? F1,
        double? FalseAlarmRate,
        double? MissedAlarmRate,
        double? AreaUnderRoc
    )
    {
        public static Detection Of(AnomalyDetection detection) =>
            new(
                detection.MeanError,
                detection.Threshold,
                detection.Alarms.Count(a => a),
                detection.Counts?.TruePositives,
                detection.Counts?.FalsePositives,
                detection.Counts?.FalseNegatives,
                detection.Counts?.TrueNegatives,
                detection.Counts?.Precision,
                detection.Counts?.Recall,
                detection.Counts?.F1,
                detection.Counts?.FalseAlarmRate,
                detection.Counts?.MissedAlarmRate,
                detection.AreaUnderRoc
            );
    }
}
