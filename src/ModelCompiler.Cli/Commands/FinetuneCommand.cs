using System.CommandLine;
using ModelCompiler.Training;

namespace ModelCompiler.Cli.Commands;

/// <summary><c>modelc finetune</c>: a model and data in, the same model with better weights out.</summary>
internal static class FinetuneCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command(
            "finetune",
            "Train the initialisers of a model on labelled data and write the model again, everything else as it was. Quantised models learn with their own rounding. Needs libtorch."
        );
        return command.WithImprovement(
            terminal,
            new(("FILE", "The model, an ONNX file, float or quantised."), epochs: 5),
            task =>
            {
                using var model = task.Open();
                var sets = task.ReadSets(model);
                using var training = new NetworkTraining(model, sets.Training, task.Options);
                return task.Improve(model, sets, training);
            }
        );
    }
}
