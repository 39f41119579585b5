using System.Globalization;
using System.Text.Json.Serialization;
using ModelCompiler.Compression;
using ModelCompiler.Diagnostics;
using ModelCompiler.Verification;
using Spectre.Console;

namespace ModelCompiler.Cli.Reports;

/// <summary>What <c>modelc accuracy</c> has measured.</summary>
/// <param name="Model">The file.</param>
/// <param name="Status"><c>measured</c> or <c>unsupported</c>.</param>
/// <param name="Target">What code was generated for.</param>
/// <param name="Part">Which part of the data was measured on.</param>
/// <param name="Images">Number of items.</param>
/// <param name="RightOurs">How many the compiled code gets right; null, like the next two, where items have no classes.</param>
/// <param name="RightOnnxruntime">How many ONNX Runtime gets right.</param>
/// <param name="DifferentPredictions">To how many items the two give different classes.</param>
/// <param name="SquaredErrorOurs">Mean squared error of the compiled code; null where items have no targets that are numbers.</param>
/// <param name="SquaredErrorOnnxruntime">That of ONNX Runtime.</param>
/// <param name="OutputDifference">Relative error of the compiled code against ONNX Runtime; null where items have classes.</param>
/// <param name="Anomalies">How well anomalies are found; null where nobody wants to know.</param>
/// <param name="Diagnostics">What the compiler says.</param>
internal sealed record AccuracyReport(
    string Model,
    string Status,
    string Target,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Part,
    int Images,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? RightOurs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? RightOnnxruntime,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? DifferentPredictions,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? SquaredErrorOurs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? SquaredErrorOnnxruntime,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? OutputDifference,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] AnomalyReport? Anomalies,
    IReadOnlyList<DiagnosticReport> Diagnostics
)
{
    // What is left of float32 after a network's sums in another order, with room; more is another result.
    private const double MostDifference = 1e-3;

    public static AccuracyReport NotCompiled(ModelCase opened, IEnumerable<Problem> problems) =>
        Unmeasured(opened, "unsupported", null, 0, problems) with
        {
            RightOurs = 0,
            RightOnnxruntime = 0,
            DifferentPredictions = 0,
        };

    public static AccuracyReport Of(ModelCase opened, string part, int items, PredictionQuality measured, IEnumerable<Problem> problems) =>
        Unmeasured(opened, "measured", part, items, problems) with
        {
            RightOurs = measured.RightOurs,
            RightOnnxruntime = measured.RightOracle,
            DifferentPredictions = measured.DifferentPredictions,
            SquaredErrorOurs = measured.SquaredErrorOurs,
            SquaredErrorOnnxruntime = measured.SquaredErrorOracle,
            OutputDifference = measured.OutputDifference,
        };

    public static AccuracyReport OfAnomalies(
        ModelCase opened,
        string part,
        AnomalyReport found,
        int items,
        double outputDifference,
        IEnumerable<Problem> problems
    ) => Unmeasured(opened, "measured", part, items, problems) with { OutputDifference = outputDifference, Anomalies = found };

    private static AccuracyReport Unmeasured(ModelCase opened, string status, string? part, int items, IEnumerable<Problem> problems) =>
        new(
            opened.File.Path,
            status,
            opened.Options.Target.Name,
            part,
            items,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            DiagnosticReport.Of(problems)
        );

    [JsonIgnore]
    public int ExitCode =>
        Status != "measured" ? ExitCodes.CannotCompile
        : DifferentPredictions > 0 || Anomalies?.DifferentAlarms > 0 || OutputDifference > MostDifference ? ExitCodes.Differs
        : ExitCodes.Success;

    public void Print(IAnsiConsole console)
    {
        DiagnosticReport.Print(console, Diagnostics);
        if (Status != "measured")
        {
            return;
        }

        console.WriteLine($"{Path.GetFileName(Model)}, {Images} items ({Part}), target {Target}");
        if (RightOurs is { } ours && RightOnnxruntime is { } theirs)
        {
            console.WriteLine($"  compiled code   {Share(ours)} right");
            console.WriteLine($"  ONNX Runtime    {Share(theirs)} right");
            console.WriteLine($"  different predictions: {DifferentPredictions}");
            return;
        }

        if (Anomalies is not null)
        {
            Anomalies.Print(console);
            console.WriteLine($"  different alarms: {Anomalies.DifferentAlarms}");
        }

        if (SquaredErrorOurs is { } error && SquaredErrorOnnxruntime is { } other)
        {
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  compiled code   mean squared error {error:G6}"));
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  ONNX Runtime    mean squared error {other:G6}"));
        }

        console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  relative difference of the outputs: {OutputDifference:G3}"));
    }

    private string Share(int right) => string.Create(CultureInfo.InvariantCulture, $"{100.0 * right / Images:F2} % ({right})");
}
