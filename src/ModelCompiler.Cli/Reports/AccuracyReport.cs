using System.Globalization;
using System.Text.Json.Serialization;
using ModelCompiler.Diagnostics;
using ModelCompiler.Verification;
using Spectre.Console;

namespace ModelCompiler.Cli.Reports;

/// <summary>What <c>modelc accuracy</c> has counted.</summary>
/// <param name="Model">The file.</param>
/// <param name="Status"><c>measured</c> or <c>unsupported</c>.</param>
/// <param name="Target">What code was generated for.</param>
/// <param name="Images">Number of images.</param>
/// <param name="RightOurs">How many the compiled code gets right.</param>
/// <param name="RightOnnxruntime">How many ONNX Runtime gets right.</param>
/// <param name="DifferentPredictions">To how many images the two give different classes.</param>
/// <param name="Diagnostics">What the compiler says.</param>
internal sealed record AccuracyReport(
    string Model,
    string Status,
    string Target,
    int Images,
    int RightOurs,
    int RightOnnxruntime,
    int DifferentPredictions,
    IReadOnlyList<DiagnosticReport> Diagnostics
)
{
    public static AccuracyReport NotCompiled(ModelCase opened, IEnumerable<Problem> problems) =>
        new(opened.File.Path, "unsupported", opened.Options.Target.Name, 0, 0, 0, 0, DiagnosticReport.Of(problems));

    [JsonIgnore]
    public int ExitCode =>
        Status != "measured" ? ExitCodes.CannotCompile
        : DifferentPredictions > 0 ? ExitCodes.Differs
        : ExitCodes.Success;

    public void Print(IAnsiConsole console)
    {
        DiagnosticReport.Print(console, Diagnostics);
        if (Status == "measured")
        {
            console.WriteLine($"{Path.GetFileName(Model)}, {Images} images, target {Target}");
            console.WriteLine($"  compiled code   {Part(RightOurs)} right");
            console.WriteLine($"  ONNX Runtime    {Part(RightOnnxruntime)} right");
            console.WriteLine($"  different predictions: {DifferentPredictions}");
        }
    }

    private string Part(int right) => string.Create(CultureInfo.InvariantCulture, $"{100.0 * right / Images:F2} % ({right})");
}
