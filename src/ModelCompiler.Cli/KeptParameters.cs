using System.CommandLine;
using ModelCompiler.Training.Graphs;

namespace ModelCompiler.Cli;

/// <summary>The options by which a user says what of a model training leaves as it is.</summary>
internal sealed class KeptParameters
{
    private readonly Option<string[]> _freeze = new("--freeze")
    {
        Description = "Names of initialisers that stay as they are; * stands for any characters, ? for one.",
        AllowMultipleArgumentsPerToken = true,
        HelpName = "pattern",
    };

    private readonly Option<bool> _zeros = new("--keep-zeros") { Description = "Weights that are 0 stay 0, as in a pruned model." };

    private readonly Option<bool> _clusters = new("--keep-clusters")
    {
        Description = "Weights of a tensor that are equal stay equal, as in a clustered model.",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_freeze);
        command.Options.Add(_zeros);
        command.Options.Add(_clusters);
    }

    /// <summary>Freezes and constrains parameters of a model as the user has chosen.</summary>
    /// <exception cref="CommandException">A pattern or a constraint is of no parameter at all.</exception>
    public void ApplyTo(TrainableModel model, ParseResult parsed)
    {
        foreach (var pattern in (parsed.GetValue(_freeze) ?? []).Where(p => model.Freeze(p) == 0))
        {
            throw new CommandException(
                $"--freeze: no parameter is named '{pattern}'; they are {string.Join(", ", model.Parameters.Select(p => p.Name))}"
            );
        }

        if (parsed.GetValue(_clusters))
        {
            foreach (var weight in model.Parameters.Where(p => !p.IsFrozen && !p.IsStatistic && p.Shape.Rank > 1))
            {
                model.Constraints.Add(SharedCentroids.OfEqualValues(weight));
            }
        }
        else if (parsed.GetValue(_zeros) && PruningMask.KeepZeros(model) == 0)
        {
            throw new CommandException("--keep-zeros: no weight that is trained is 0; prune makes some.");
        }
    }
}
