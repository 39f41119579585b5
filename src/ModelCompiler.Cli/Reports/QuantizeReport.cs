using System.Globalization;
using System.Text.Json.Serialization;
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
/// <param name="Accuracy">Before and after, where there are labelled items.</param>
/// <param name="IntegerNodes">Number of nodes that compute in integers now, by operator.</param>
/// <param name="FloatNodes">Convolutions and matrix products that stay in float, with the reason.</param>
internal sealed record QuantizeReport(
    string Model,
    string Output,
    long BytesBefore,
    long BytesAfter,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] QuantizeAccuracy? Accuracy,
    IReadOnlyDictionary<string, int> IntegerNodes,
    IReadOnlyList<FloatNode> FloatNodes
)
{
    public static QuantizeReport Of(OnnxFile model, string output, QuantisedModel quantised, QuantizeAccuracy? accuracy) =>
        new(model.Path, output, model.Bytes.Length, quantised.Model.Length, accuracy, quantised.IntegerNodes, quantised.FloatNodes);

    public void Print(IAnsiConsole console)
    {
        var table = new Table().AddColumns("", "before", "after");
        table.AddRow("file", Amount.Bytes(BytesBefore), Amount.Bytes(BytesAfter));
        if (Accuracy is { } accuracy)
        {
            table.AddRow($"accuracy on {accuracy.Images} items", Part(accuracy.RightBefore), Part(accuracy.RightAfter));
        }

        console.Write(table);
        console.WriteLine($"integer: {string.Join(", ", IntegerNodes.Select(n => $"{n.Value} {n.Key}"))}");
        foreach (var node in FloatNodes)
        {
            console.WriteLine($"float: {node.OperatorType} '{node.Node}': {node.Reason}");
        }

        string Part(int right) => string.Create(CultureInfo.InvariantCulture, $"{100.0 * right / Accuracy!.Images:F2} %");
    }
}
