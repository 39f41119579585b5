using System.Globalization;
using ModelCompiler.Generator.Tests.Running;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Generator.Tests;

/// <summary>
/// The code of tiny models, as it was when somebody last looked. After a change that is meant, delete the folder __snapshots__,
/// run the tests twice, and read the difference.
/// </summary>
public sealed class SnapshotTests
{
    private static readonly Dictionary<string, Func<OnnxModelBuilder>> Models = new()
    {
        ["relu"] = () => TinyModels.Relu(),
        ["two-by-two"] = TinyModels.TwoByTwo,
        ["quantised-edges"] = () => TinyModels.Quantised(),
        ["sigmoid"] = () => TinyModels.Unary("Sigmoid"),
        ["transpose"] = () => TinyModels.Transpose(),
        ["concat"] = () => TinyModels.Concat(),
        ["dense"] = () => TinyModels.Dense(),
        ["convolution"] = () => TinyModels.Convolution(group: 1),
        ["depthwise"] = () => TinyModels.Convolution(group: 8),
        ["max-pool"] = () => TinyModels.MaxPool(),
        ["softmax"] = () => TinyModels.Unary("Softmax"),
        ["branch-in-loop"] = () => TinyModels.BranchInLoop(),
        ["quantised-convolution"] = () => TinyModels.QuantisedConvolution(),
        ["sizes"] = TinyModels.OpenSizes,
    };

    public static TheoryData<string> Names => [.. Models.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Emitted_code_is_as_it_was(string name) => Snapshot.Match(Emit(Models[name](), "x64-avx2"), name);

    [Theory]
    [MemberData(nameof(Names))]
    public void Culture_has_no_influence_on_emitted_code(string name)
    {
        var expected = Emit(Models[name](), "auto");
        var culture = CultureInfo.CurrentCulture;
        try
        {
            // A clone, because cultures by name are not to be had in globalisation-invariant mode.
            var other = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            other.NumberFormat.NumberDecimalSeparator = ",";
            other.NumberFormat.NumberGroupSeparator = ".";
            other.NumberFormat.NegativeSign = "\u2212";
            other.NumberFormat.NegativeInfinitySymbol = "\u2212\u221e";
            CultureInfo.CurrentCulture = other;
            Assert.Equal(expected, Emit(Models[name](), "auto"));
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    private static string Emit(OnnxModelBuilder model, string target)
    {
        // Only one of the models has open dimensions.
        var dimensions = model.Proto.Graph.Input.SelectMany(i => i.Type.TensorType.Shape.Dim).Any(d => d.DimParam.Length > 0);
        using var project = new TestProject()
            .Model("tiny.onnx", model, dimensions ? [("Dimensions", "batch=1..8|time=2..3")] : [])
            .Property("ModelCompilerTarget", target);
        var result = project.Generate();
        Assert.Empty(result.Diagnostics);
        return string.Join(
            "\n",
            result
                .Results[0]
                .GeneratedSources.OrderByDescending(s => s.HintName, StringComparer.Ordinal)
                .Select(s => $"==== {s.HintName}\n{s.SourceText}")
        );
    }
}
