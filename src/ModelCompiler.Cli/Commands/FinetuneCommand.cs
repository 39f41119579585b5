using System.CommandLine;
using ModelCompiler.Training;
using ModelCompiler.Training.Graphs;

namespace ModelCompiler.Cli.Commands;

/// <summary><c>modelc finetune</c>: a model and data in, the same model with better weights out.</summary>
internal static class FinetuneCommand
{
    public static Command Create(Terminal terminal)
    {
        var freeze = new Option<string[]>("--freeze")
        {
            Description = "Names of initialisers that stay as they are; * stands for any characters, ? for one.",
            AllowMultipleArgumentsPerToken = true,
            HelpName = "pattern",
        };
        var keepZeros = new Option<bool>("--keep-zeros") { Description = "Weights that are 0 stay 0, as in a pruned model." };
        var keepClusters = new Option<bool>("--keep-clusters")
        {
            Description = "Weights of a tensor that are equal stay equal, as in a clustered model.",
        };
        var command = new Command(
            "finetune",
            "Train the initialisers of a model on labelled data and write the model again, everything else as it was. Quantised models learn with their own rounding. Needs libtorch."
        )
        {
            freeze,
            keepZeros,
            keepClusters,
        };
        return command.WithImprovement(
            terminal,
            new(("FILE", "The model, an ONNX file, float or quantised."), epochs: 5),
            task =>
            {
                task.Session.LoadTorch();
                using var model = TrainableModel.Open(task.File.Source, task.Sizes.Dimensions);
                Freeze(model, task.Parsed.GetValue(freeze) ?? []);
                Constrain(model, task.Parsed.GetValue(keepZeros), task.Parsed.GetValue(keepClusters));
                var sets = task.ReadSets(model);
                using var training = new NetworkTraining(model, sets.Training, task.Options);
                return task.Improve(model, sets, training);
            }
        );
    }

    private static void Freeze(TrainableModel model, string[] patterns)
    {
        foreach (var pattern in patterns.Where(p => model.Freeze(p) == 0))
        {
            throw new CommandException(
                $"--freeze: no parameter is named '{pattern}'; they are {string.Join(", ", model.Parameters.Select(p => p.Name))}"
            );
        }
    }

    private static void Constrain(TrainableModel model, bool keepsZeros, bool keepsClusters)
    {
        foreach (var parameter in model.Parameters.Where(p => !p.IsFrozen && !p.IsStatistic && p.Shape.Rank > 1))
        {
            if (keepsClusters)
            {
                model.Constraints.Add(SharedCentroids.OfEqualValues(parameter));
            }
            else if (keepsZeros)
            {
                model.Constraints.Add(PruningMask.OfZeros(parameter));
            }
        }
    }
}
