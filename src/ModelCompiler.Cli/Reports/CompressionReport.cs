using System.Globalization;
using System.Text.Json.Serialization;
using ModelCompiler.Compression;
using ModelCompiler.Compression.Pruning;
using ModelCompiler.Training.Pruning;
using ModelCompiler.Verification;
using Spectre.Console;

namespace ModelCompiler.Cli.Reports;

/// <summary>A line of the report on one layer or several that go together.</summary>
/// <param name="Layers">Their names.</param>
/// <param name="Change">What was done to them, for people.</param>
internal sealed record LayerChange(IReadOnlyList<string> Layers, string Change);

/// <summary>How much worse the model is when a layer alone is pruned to a share.</summary>
internal sealed record ShareDrop(double Share, double Drop);

/// <summary>How much worse the model is when a layer alone is pruned.</summary>
internal sealed record LayerDrops(string Layer, IReadOnlyList<ShareDrop> Drops)
{
    public static LayerDrops Of(LayerSensitivity layer) => new(layer.Layer, [.. layer.Drops.Select(d => new ShareDrop(d.Share, d.Drop))]);
}

/// <summary>What a command that compresses has made.</summary>
/// <param name="Model">The original.</param>
/// <param name="Output">The compressed model.</param>
/// <param name="Before">What the original costs.</param>
/// <param name="After">What the compressed model costs.</param>
/// <param name="OutputError">Relative error of the outputs; null where accuracy was measured.</param>
/// <param name="Layers">What was done, layer by layer.</param>
/// <param name="Sensitivity">What pruning single layers costs; null where that was not measured.</param>
/// <param name="Steps">The steps in which it was pruned and trained; null where it was not trained.</param>
/// <param name="Remarks">What the user should know, as sentences.</param>
internal sealed record CompressionReport(
    string Model,
    string Output,
    ModelCost Before,
    ModelCost After,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? OutputError,
    IReadOnlyList<LayerChange> Layers,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<LayerDrops>? Sensitivity,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<PruningStep>? Steps,
    IReadOnlyList<string> Remarks
)
{
    public static CompressionReport Of(
        OnnxFile file,
        string output,
        Compressed compressed,
        (ModelCost Before, ModelCost After) cost,
        (ModelDrop Measure, double Drop) quality
    )
    {
        var accuracy = quality.Measure.Items is { } items ? (double)quality.Measure.Right / items : (double?)null;
        return new(
            file.Path,
            output,
            cost.Before with
            {
                Accuracy = accuracy,
            },
            cost.After with
            {
                Accuracy = accuracy - quality.Drop,
            },
            accuracy is null ? quality.Drop : null,
            compressed.Layers,
            compressed.Sensitivity,
            compressed.Steps,
            compressed.Remarks
        );
    }

    public void Print(IAnsiConsole console)
    {
        if (Sensitivity is [var first, ..])
        {
            var drops = new Table().Border(TableBorder.Simple).AddColumn("drop when pruned alone");
            drops.AddColumns([.. first.Drops.Select(d => Percent(d.Share))]);
            foreach (var layer in Sensitivity)
            {
                drops.AddRow([new Text(layer.Layer), .. layer.Drops.Select(d => new Text(Percent(d.Drop)))]);
            }

            console.Write(drops);
        }

        var layers = new Table().Border(TableBorder.Simple).AddColumns("layers", "change");
        foreach (var layer in Layers)
        {
            layers.AddRow(new Text(string.Join(", ", layer.Layers)), new Text(layer.Change));
        }

        console.Write(layers);
        if (Steps is not null)
        {
            console.Write(TableOf(Steps));
        }

        console.Write(ModelCost.Columns(("before", Before), ("after", After)));
        if (OutputError is { } error)
        {
            console.WriteLine($"relative error of the outputs: {Percent(error)}");
        }

        foreach (var sentence in (Steps ?? []).Select(s => s.Stopped).OfType<string>().Concat(Remarks))
        {
            console.WriteLine(sentence);
        }
    }

    private static Table TableOf(IReadOnlyList<PruningStep> steps)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("step", "pruned", "epochs", "loss", "accuracy on items held back");
        foreach (var s in steps)
        {
            table.AddRow(
                $"{s.Step}",
                Percent(s.Share),
                $"{s.Epochs}",
                Amount.Number(s.ValidationLoss),
                s.ValidationAccuracy is { } accuracy ? Percent(accuracy) : ""
            );
        }

        return table;
    }

    /// <summary>A share for people.</summary>
    public static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:F2} %");
}
