using ModelCompiler.Cli.Reports.Html;
using ModelCompiler.Verification;
using Spectre.Console;

namespace ModelCompiler.Cli.Reports;

/// <summary>What the page says of a model, in short.</summary>
/// <param name="Model">The file.</param>
/// <param name="Target">What code was generated for.</param>
/// <param name="FileBytes">Size of the ONNX file.</param>
/// <param name="Macs">Multiply-accumulate operations.</param>
/// <param name="WeightBytes">Bytes of weights as they are baked into the binary.</param>
/// <param name="Int8Bytes">What the same numbers would take with a byte a weight and four a bias.</param>
/// <param name="Float32Bytes">What they would take with four bytes each.</param>
/// <param name="ArenaBytes">Bytes of the arena.</param>
/// <param name="Accuracy">Part of the test items that it gets right; null where no data were given.</param>
/// <param name="OursMs">Median milliseconds of a call; null where nothing was measured.</param>
/// <param name="OnnxruntimeMs">The same of ONNX Runtime; null also where it does not run the model.</param>
/// <param name="PublishedBytes">Size of a NativeAOT binary with the model; null where none was published.</param>
/// <param name="PublishedGrowthBytes">How much larger that is than the same program without the model; it goes in steps of pages.</param>
/// <param name="PublishedLoadedGrowthBytes">How much more there is in its sections.</param>
internal sealed record PageModelReport(
    string Model,
    string Target,
    long FileBytes,
    long Macs,
    long WeightBytes,
    long Int8Bytes,
    long Float32Bytes,
    long ArenaBytes,
    double? Accuracy,
    double? OursMs,
    double? OnnxruntimeMs,
    long? PublishedBytes,
    long? PublishedGrowthBytes,
    long? PublishedLoadedGrowthBytes
)
{
    public static PageModelReport Of(ModelFacts model)
    {
        var weights = LayerWeights.Sum([.. model.Weights]);
        return new(
            model.Inspected.Model,
            model.Inspected.Target,
            model.FileBytes,
            model.Macs,
            model.WeightBytes,
            weights.Int8Bytes,
            weights.Float32Bytes,
            model.ArenaBytes,
            model.Accuracy,
            model.Time?.OursMs,
            model.Time?.OnnxruntimeMs,
            model.Published?.Bytes,
            model.Published?.Growth.FileBytes,
            model.Published?.Growth.LoadedBytes
        );
    }
}

/// <summary>What <c>modelc report</c> has made.</summary>
/// <param name="Status"><c>written</c> or <c>unsupported</c>.</param>
/// <param name="Output">The page; null where none was written.</param>
/// <param name="Models">The models, in the order of the command line.</param>
/// <param name="Diagnostics">What the compiler says of all of them.</param>
internal sealed record PageReport(
    string Status,
    string? Output,
    IReadOnlyList<PageModelReport> Models,
    IReadOnlyList<DiagnosticReport> Diagnostics
)
{
    public void Print(IAnsiConsole console)
    {
        DiagnosticReport.Print(console, Diagnostics);
        if (Output is null)
        {
            return;
        }

        var table = new Table().AddColumns(
            "",
            "MAC",
            "weights",
            "as dense int8",
            "as float32",
            "arena",
            "accuracy",
            "time",
            "growth of the binary",
            "of its sections"
        );
        foreach (var model in Models)
        {
            table.AddRow(
                new Text(model.Model),
                new Text(Amount.Of(model.Macs)),
                new Text(Amount.Bytes(model.WeightBytes)),
                new Text(Amount.Bytes(model.Int8Bytes)),
                new Text(Amount.Bytes(model.Float32Bytes)),
                new Text(Amount.Bytes(model.ArenaBytes)),
                new Text(model.Accuracy is { } accuracy ? CompressionReport.Percent(accuracy) : "not measured"),
                new Text(model.OursMs is { } time ? Amount.Milliseconds(time) : "not measured"),
                new Text(model.PublishedGrowthBytes is { } growth ? Amount.Bytes(growth) : "not published"),
                new Text(model.PublishedLoadedGrowthBytes is { } loaded ? Amount.Bytes(loaded) : "not published")
            );
        }

        console.Write(table);
        console.WriteLine(Output);
    }
}
