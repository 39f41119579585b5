using System.Text.Json.Serialization;
using ModelCompiler.Compression;
using ModelCompiler.Compression.Quantisation;
using ModelCompiler.Verification;
using Spectre.Console;

namespace ModelCompiler.Cli.Reports;

/// <summary>Accuracy by ONNX Runtime on labelled items.</summary>
internal sealed record QuantizeAccuracy(int Images, int RightBefore, int RightAfter);

/// <summary>What <c>modelc quantize</c> has made.</summary>
/// <param name="Model">The float model.</param>
/// <param name="Output">The quantised one.</param>
/// <param name="BytesBefore">Size of the float file.</param>
/// <param name="BytesAfter">Size of the quantised file.</param>
/// <param name="Before">What the float model costs.</param>
/// <param name="After">What the quantised one costs.</param>
/// <param name="Accuracy">Before and after, where there are labelled items.</param>
/// <param name="OutputError">Relative error of the outputs on the samples; null where accuracy was measured.</param>
/// <param name="IntegerNodes">Number of nodes that compute in integers now, by operator.</param>
/// <param name="FloatNodes">Convolutions and matrix products that stay in float, with the reason.</param>
/// <param name="Layers">Bits of each layer's weights, and what was measured to choose them.</param>
internal sealed record QuantizeReport(
    string Model,
    string Output,
    long BytesBefore,
    long BytesAfter,
    ModelCost Before,
    ModelCost After,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] QuantizeAccuracy? Accuracy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? OutputError,
    IReadOnlyDictionary<string, int> IntegerNodes,
    IReadOnlyList<FloatNode> FloatNodes,
    IReadOnlyList<LayerPrecision> Layers
)
{
    public static QuantizeReport Of(
        OnnxFile model,
        string output,
        QuantisedModel quantised,
        IReadOnlyList<LayerPrecision> layers,
        (ModelCost Before, ModelCost After) cost,
        (ModelDrop Measure, double Drop) quality
    )
    {
        var (measure, drop) = quality;
        var accuracy = measure.Items is { } items
            ? new QuantizeAccuracy(items, measure.Right, measure.Right - (int)Math.Round(drop * items))
            : null;
        return new(
            model.Path,
            output,
            model.Bytes.Length,
            quantised.Model.Length,
            cost.Before with
            {
                Accuracy = (double?)accuracy?.RightBefore / accuracy?.Images,
            },
            cost.After with
            {
                Accuracy = (double?)accuracy?.RightAfter / accuracy?.Images,
            },
            accuracy,
            accuracy is null ? drop : null,
            quantised.IntegerNodes,
            quantised.FloatNodes,
            layers
        );
    }

    public void Print(IAnsiConsole console)
    {
        if (Layers.Any(l => l.Error is not null))
        {
            var chosen = new Table().Border(TableBorder.Simple).AddColumns("layer", "bits", "error with 4 bits alone", "saves");
            foreach (var layer in Layers)
            {
                var saved = layer.SavedBytes is { } bytes ? Amount.Bytes(bytes) : "";
                var error = layer.Error is { } e ? CompressionReport.Percent(e) : "";
                chosen.AddRow(new Text(layer.Layer), new Text($"{layer.Bits}"), new Text(error), new Text(saved));
            }

            console.Write(chosen);
        }

        console.Write(ModelCost.Columns(("before", Before), ("after", After)));
        if (OutputError is { } outputs)
        {
            console.WriteLine($"relative error of the outputs: {CompressionReport.Percent(outputs)}");
        }

        console.WriteLine($"integer: {string.Join(", ", IntegerNodes.Select(n => $"{n.Value} {n.Key}"))}");
        foreach (var bits in Layers.GroupBy(l => l.Bits).OrderBy(g => g.Key))
        {
            console.WriteLine($"weights of {bits.Key} bits: {bits.Count()} layers");
        }

        foreach (var node in FloatNodes)
        {
            console.WriteLine($"float: {node.OperatorType} '{node.Node}': {node.Reason}");
        }
    }
}
