using System.CommandLine;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Compression.Data;
using ModelCompiler.Sizes;
using ModelCompiler.Training;
using ModelCompiler.Training.Data;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Commands;

/// <summary><c>modelc finetune</c>: a model and data in, the same model with better weights out.</summary>
internal static class FinetuneCommand
{
    private static readonly TrainingOptions Defaults = new()
    {
        Epochs = 5,
        Optimiser = new() { LearningRate = 1e-3, WeightDecay = 0 },
        Schedule = new() { WarmUpEpochs = 0.5 },
    };

    private sealed record What(
        Argument<string> File,
        Option<string> Data,
        Option<string?> Test,
        Option<string> Output,
        Option<string[]> Freeze,
        Option<bool> KeepZeros,
        Option<bool> KeepClusters,
        Option<bool> Augment,
        Option<PixelRange> Pixels,
        Option<DimensionRange[]> Dimensions
    );

    public static Command Create(Terminal terminal)
    {
        var what = new What(
            new("FILE") { Description = "The model, an ONNX file, float or quantised." },
            new("--data") { Description = $"What to learn from: {TrainingSets.Forms}.", Required = true },
            new("--test") { Description = "An .npz file to measure with; else the folder's test images, or the items held back." },
            new("--output", "-o") { Description = "Where the trained model goes.", Required = true },
            new("--freeze")
            {
                Description = "Names of initialisers that stay as they are; * stands for any characters, ? for one.",
                AllowMultipleArgumentsPerToken = true,
                HelpName = "pattern",
            },
            new("--keep-zeros") { Description = "Weights that are 0 stay 0, as in a pruned model." },
            new("--keep-clusters") { Description = "Weights of a tensor that are equal stay equal, as in a clustered model." },
            new("--augment") { Description = "Move images by up to two pixels, and mirror half of them." },
            ImageOptions.Pixels(),
            new ModelArguments().Dimensions
        );
        var arguments = new TrainingArguments(Defaults);
        var command = new Command(
            "finetune",
            "Train the initialisers of a model on labelled data and write the model again, everything else as it was. Quantised models learn with their own rounding. Needs libtorch."
        )
        {
            what.File,
            what.Data,
            what.Test,
            what.Output,
            what.Freeze,
            what.KeepZeros,
            what.KeepClusters,
            what.Augment,
            what.Pixels,
            what.Dimensions,
        };
        arguments.AddTo(command);
        return command.WithBody(
            terminal,
            (parsed, cancellation) =>
            {
                var options = arguments.Options(parsed) with { Augments = parsed.GetValue(what.Augment) };
                var session = new TrainingSession(terminal, arguments, parsed);
                var report = TrainingSession.Sentences(() => Finetune(session, parsed, what, options, cancellation));
                return new(ExitCodes.Success, report, report.Print);
            }
        );
    }

    private static FinetuneReport Finetune(
        TrainingSession session,
        ParseResult parsed,
        What what,
        TrainingOptions options,
        CancellationToken cancellation
    )
    {
        var (path, output) = (parsed.GetRequiredValue(what.File), parsed.GetRequiredValue(what.Output));
        var file = OnnxFile.Read(path);
        session.LoadTorch();
        var sizes = new CompileOptions().With(parsed.GetValue(what.Dimensions) ?? []);
        ModelArguments.RequireFixed(sizes);
        using var model = TrainableModel.Open(file.Source, sizes.Dimensions);
        Freeze(model, parsed.GetValue(what.Freeze) ?? []);
        Constrain(model, parsed.GetValue(what.KeepZeros), parsed.GetValue(what.KeepClusters));
        var sets = TrainingSets.Read(model, parsed.GetRequiredValue(what.Data), parsed.GetValue(what.Test), parsed.GetValue(what.Pixels));
        using var training = new NetworkTraining(model, sets.Training, options);
        return session.Improve(path, output, model, sets, training, options, sizes, cancellation);
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
