using ModelCompiler.Verification;
using Spectre.Console;

namespace ModelCompiler.Cli.Reports;

/// <summary>A model of an ensemble and what it costs.</summary>
internal sealed record EnsembleMember(string Model, ModelCost Cost);

/// <summary>What <c>modelc ensemble</c> has made.</summary>
/// <param name="Output">The ensemble.</param>
/// <param name="Models">Its models.</param>
/// <param name="Ensemble">What all together cost.</param>
internal sealed record EnsembleReport(string Output, IReadOnlyList<EnsembleMember> Models, ModelCost Ensemble)
{
    public void Print(IAnsiConsole console)
    {
        var table = new Table().AddColumns("", "accuracy", "MAC", "weights", "arena", "file");
        foreach (var (name, cost) in Models.Select(m => (m.Model, m.Cost)).Append((Output, Ensemble)))
        {
            table.AddRow(
                new Text(name),
                new Text(cost.Accuracy is { } accuracy ? CompressionReport.Percent(accuracy) : ""),
                new Text(Amount.Of(cost.Macs)),
                new Text(Amount.Bytes(cost.WeightBytes)),
                new Text(Amount.Bytes(cost.ArenaBytes)),
                new Text(Amount.Bytes(cost.FileBytes))
            );
        }

        console.Write(table);
    }
}
