using System.Text.Json.Serialization;
using ModelCompiler.Diagnostics;
using ModelCompiler.Lowering;
using ModelCompiler.Verification;
using Spectre.Console;

namespace ModelCompiler.Cli.Reports;

/// <summary>Time of one layer.</summary>
internal sealed record LayerTimeReport(string Name, string Kernel, double Milliseconds, long Macs, double GmacPerSecond);

/// <summary>Everything that <c>modelc bench</c> has measured.</summary>
/// <param name="Model">The file.</param>
/// <param name="Status"><c>measured</c> or <c>unsupported</c>.</param>
/// <param name="Target">What code was generated for.</param>
/// <param name="OursMs">Median milliseconds of one call.</param>
/// <param name="OnnxruntimeMs">The same of ONNX Runtime; null where it does not run the model.</param>
/// <param name="Ratio">ONNX Runtime's time over ours: above 1 we are faster.</param>
/// <param name="GmacPerSecond">Our rate, in billions of multiply-accumulates a second.</param>
/// <param name="PeakFraction">That rate over the one of the processor's best instruction, measured in the same run.</param>
/// <param name="PeakGmacPerSecond">The rate of that instruction.</param>
/// <param name="PeakInstruction">What it is.</param>
/// <param name="ArenaBytes">Bytes of working memory.</param>
/// <param name="WeightBytes">Bytes of packed weights.</param>
/// <param name="Macs">Multiply-accumulate operations of one call.</param>
/// <param name="Rounds">How many turns each had.</param>
/// <param name="AllocatedBytesPerThousandCalls">Heap that our calls take.</param>
/// <param name="Layers">Times of the layers, where asked for.</param>
/// <param name="Diagnostics">What the compiler says.</param>
internal sealed record BenchReport(
    string Model,
    string Status,
    string Target,
    double? OursMs,
    double? OnnxruntimeMs,
    double? Ratio,
    double? GmacPerSecond,
    double? PeakFraction,
    double? PeakGmacPerSecond,
    string? PeakInstruction,
    long? ArenaBytes,
    long? WeightBytes,
    long? Macs,
    int Rounds,
    long? AllocatedBytesPerThousandCalls,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<LayerTimeReport>? Layers,
    IReadOnlyList<DiagnosticReport> Diagnostics
)
{
    public static BenchReport NotCompiled(ModelCase opened, IEnumerable<Problem> problems) =>
        new(
            opened.File.Path,
            "unsupported",
            opened.Options.Target.Name,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            0,
            null,
            null,
            DiagnosticReport.Of(problems)
        );

    public static BenchReport Of(
        ModelCase opened,
        KernelProgram program,
        BenchmarkResult result,
        PeakRate peak,
        IReadOnlyList<double>? layers,
        IReadOnlyList<DiagnosticReport> diagnostics
    )
    {
        var macs = program.Steps.Sum(s => s.Macs);
        var rate = macs / result.OursMs / 1e6;
        return new(
            opened.File.Path,
            "measured",
            opened.Options.Target.Name,
            result.OursMs,
            result.OnnxRuntimeMs,
            result.OnnxRuntimeMs / result.OursMs,
            rate,
            rate / result.PeakGmacPerSecond,
            result.PeakGmacPerSecond,
            peak.Instruction,
            program.ArenaBytes,
            program.Weights.Length,
            macs,
            result.Rounds,
            result.AllocatedBytes,
            layers is null
                ? null
                :
                [
                    .. program.Steps.Zip(
                        layers,
                        (s, ms) => new LayerTimeReport(s.Name, s.Kernel.DescribeLayer(), ms, s.Macs, ms > 0 ? s.Macs / ms / 1e6 : 0)
                    ),
                ],
            diagnostics
        );
    }

    public void Print(IAnsiConsole console)
    {
        if (Layers is not null)
        {
            console.Write(LayerTable(Layers));
        }

        DiagnosticReport.Print(console, Diagnostics);
        if (OursMs is not { } ours)
        {
            console.WriteLine($"{Model} for {Target}: not measured");
            return;
        }

        var oracle = OnnxruntimeMs is { } theirs
            ? $"ONNX Runtime {Amount.Milliseconds(theirs)}, ratio {Amount.Number(Ratio!.Value)}"
            : "ONNX Runtime does not run this model";
        console.WriteLine($"{Model} for {Target}: {Amount.Milliseconds(ours)}; {oracle} (medians of {Rounds} rounds)");
        console.WriteLine(
            $"{Amount.Of(Macs!.Value)} MAC at {Amount.Number(GmacPerSecond!.Value)} GMAC/s, {PeakFraction!.Value * 100:F1} % of the "
                + $"{Amount.Number(PeakGmacPerSecond!.Value)} GMAC/s of {PeakInstruction}; weights {Amount.Bytes(WeightBytes!.Value)}, "
                + $"arena {Amount.Bytes(ArenaBytes!.Value)}; 1000 calls allocate {Amount.Bytes(AllocatedBytesPerThousandCalls!.Value)} of heap"
        );
    }

    private static Table LayerTable(IReadOnlyList<LayerTimeReport> layers)
    {
        var total = layers.Sum(l => l.Milliseconds);
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumns("layer", "kernel");
        foreach (var heading in new[] { "time", "share", "MAC", "GMAC/s" })
        {
            table.AddColumn(new TableColumn(heading).RightAligned());
        }

        foreach (var layer in layers)
        {
            table.AddRow(
                new Text(layer.Name),
                new Text(layer.Kernel),
                new Text(Amount.Milliseconds(layer.Milliseconds)),
                new Text($"{(total > 0 ? layer.Milliseconds / total * 100 : 0):F1} %"),
                new Text(layer.Macs == 0 ? "" : Amount.Of(layer.Macs)),
                new Text(layer.Macs == 0 ? "" : Amount.Number(layer.GmacPerSecond))
            );
        }

        return table;
    }
}
