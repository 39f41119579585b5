using System.Globalization;
using System.Text.Json.Serialization;
using ModelCompiler.Verification;
using Spectre.Console;

namespace ModelCompiler.Cli.Reports;

/// <summary>One comparison of one output.</summary>
internal sealed record OutputReport(
    string Name,
    double MaxAbs,
    double? MaxQuanta,
    string Against,
    string DataSet,
    bool Agrees,
    string? FirstDifference
)
{
    public static OutputReport Of(OutputAgreement output) =>
        new(
            output.Name,
            output.Comparison.MaxAbs,
            output.MaxQuanta is { } quanta ? Math.Round(quanta, 3) : null,
            output.Against,
            output.DataSet,
            output.Comparison.Agrees,
            output.Comparison.FirstDifference
        );
}

/// <summary>A value inside of the model, compared with ONNX Runtime's.</summary>
internal sealed record LayerAgreementReport(string Name, string Operator, string Output, string Type, double MaxAbs, bool Agrees)
{
    public static LayerAgreementReport Of(LayerAgreement layer) =>
        new(layer.Node, layer.Operator, layer.Output, layer.Type.ToString(), layer.Comparison.MaxAbs, layer.Comparison.Agrees);
}

/// <summary>Everything that <c>modelc verify</c> has found.</summary>
internal sealed record VerifyReport(
    string Model,
    string Status,
    string Target,
    IReadOnlyList<OutputReport> Outputs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<LayerAgreementReport>? Layers,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? FirstDifferingLayer,
    IReadOnlyList<string> Notes,
    IReadOnlyList<DiagnosticReport> Diagnostics
)
{
    [JsonIgnore]
    public int ExitCode =>
        Status switch
        {
            "agree" => ExitCodes.Success,
            "differ" => ExitCodes.Differs,
            _ => ExitCodes.CannotCompile,
        };

    /// <exception cref="CommandException">The model compiles, but there is nothing to compare it with.</exception>
    public static VerifyReport Of(ModelCase opened, VerificationResult result, IReadOnlyList<LayerAgreement>? layers)
    {
        if (result.Compiled && result.Outputs.Count == 0)
        {
            throw new CommandException(
                $"{opened.File.Path} compiles, but there is nothing to compare it with: {string.Join("; ", result.Notes)}"
            );
        }

        return new(
            opened.File.Path,
            !result.Compiled ? "unsupported"
                : result.Agrees ? "agree"
                : "differ",
            opened.Options.Target.Name,
            [.. result.Outputs.Select(OutputReport.Of)],
            layers?.Select(LayerAgreementReport.Of).ToList(),
            layers?.FirstOrDefault(l => !l.Comparison.Agrees)?.Node,
            [.. result.Notes.Distinct()],
            DiagnosticReport.Of(result.Problems)
        );
    }

    public void Print(IAnsiConsole console)
    {
        if (Outputs.Count > 0)
        {
            console.Write(OutputTable());
        }

        if (Layers is not null)
        {
            console.Write(LayerTable(Layers));
            console.WriteLine(
                FirstDifferingLayer is null ? "No layer differs." : $"The first layer that differs is '{FirstDifferingLayer}'."
            );
        }

        foreach (var note in Notes)
        {
            console.MarkupLineInterpolated($"[grey]note:[/] {note}");
        }

        DiagnosticReport.Print(console, Diagnostics);
        console.MarkupLine($"{Markup.Escape(Model)} for {Target}: [{(Status == "agree" ? "green" : "red")}]{Status}[/]");
    }

    private Table OutputTable()
    {
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumns("output", "inputs", "against", "max abs", "max quanta", "");
        foreach (var output in Outputs)
        {
            table.AddRow(
                new Text(output.Name),
                new Text(output.DataSet),
                new Text(output.Against),
                new Text(Short(output.MaxAbs)),
                new Text(output.MaxQuanta is { } quanta ? Short(quanta) : ""),
                new Text(output.Agrees ? "agrees" : output.FirstDifference ?? "differs")
            );
        }

        return table;
    }

    private static Table LayerTable(IReadOnlyList<LayerAgreementReport> layers)
    {
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumns("layer", "operator", "value", "type", "max abs", "");
        foreach (var layer in layers)
        {
            table.AddRow(
                new Text(layer.Name),
                new Text(layer.Operator),
                new Text(layer.Output),
                new Text(layer.Type),
                new Text(Short(layer.MaxAbs)),
                new Text(layer.Agrees ? "agrees" : "differs")
            );
        }

        return table;
    }

    private static string Short(double value) => value.ToString("G3", CultureInfo.InvariantCulture);
}
