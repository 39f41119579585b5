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
        console.Write(ModelCost.Rows([.. Models.Select(m => (m.Model, m.Cost)), (Output, Ensemble)]));
    }
}
