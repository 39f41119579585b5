using System.CommandLine;
using System.Globalization;
using Google.Protobuf;
using ModelCompiler.Compression.Data;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Training;
using ModelCompiler.Training.Data;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Training.Models;
using ModelCompiler.Verification;
using Spectre.Console;

namespace ModelCompiler.Cli.Commands;

/// <summary><c>modelc train</c>: images in, trained float model out.</summary>
internal static class TrainCommand
{
    private const string DepthwiseSeparable = "ds-cnn";

    private sealed record Report(
        string Output,
        string Architecture,
        long Parameters,
        int BestEpoch,
        double ValidationAccuracy,
        double? TestAccuracy,
        string? Stopped
    );

    public static Command Create(Terminal terminal)
    {
        var architecture = new Option<string>("--architecture")
        {
            Description = "The network: ds-cnn is a small depthwise-separable CNN for grey images.",
            DefaultValueFactory = _ => DepthwiseSeparable,
        };
        architecture.AcceptOnlyFromAmong(DepthwiseSeparable);
        var data = new DataOptions("--data", "What to learn from", required: true);
        var output = new Option<string>("--output", "-o") { Description = "Where the trained model goes.", Required = true };
        var standardize = new Option<bool>("--standardize")
        {
            Description =
                "The network subtracts the mean of each channel and divides by its deviation, both of the items that are learnt from, before all else.",
        };
        var arguments = new TrainingArguments(new TrainingOptions { Augments = true });
        var command = new Command("train", "Train a network on labelled images and write it as a float ONNX model. Needs libtorch.")
        {
            architecture,
            output,
            standardize,
        };
        data.AddTo(command, split: false);
        arguments.AddTo(command);
        return command.WithBody(
            terminal,
            (parsed, cancellation) =>
            {
                var path = parsed.GetRequiredValue(output);
                var session = new TrainingSession(terminal, arguments, parsed);
                var report = TrainingSession.Sentences(() =>
                    Train(
                        session,
                        data.Open(parsed, model: null)!,
                        parsed.GetValue(standardize),
                        path,
                        arguments.Options(parsed),
                        cancellation
                    )
                );
                return new(ExitCodes.Success, report, console => Print(console, report));
            }
        );
    }

    private static Report Train(
        TrainingSession session,
        DataSet data,
        bool standardizes,
        string path,
        TrainingOptions options,
        CancellationToken cancellation
    )
    {
        session.LoadTorch();
        var name = Path.GetFileNameWithoutExtension(path);
        var untrained = Untrained(name, data.Training, options.Seed);
        using var model = TrainableModel.Open(standardizes ? Standardized(untrained, data, options) : untrained);
        model.Freeze($"{InputStandardisation.Prefix}*");
        var sets = TrainingSets.Of(model, data);
        using var training = new NetworkTraining(model, sets.Training, options);
        var history = session.Run(name, training, options, cancellation);
        var measured = session.Measure("measuring", model, sets.Test, training, options, cancellation);
        WholeFile.Write(path, model.ToOnnx());
        return new(
            path,
            DepthwiseSeparable,
            model.Parameters.Where(p => !p.IsStatistic && !p.IsFrozen).Sum(p => (long)p.Shape.Elements),
            history.Best.Epoch,
            history.Best.ValidationAccuracy!.Value,
            sets.Test is null ? null : measured.Accuracy,
            history.Stopped
        );
    }

    /// <summary>The network with random weights, as the ONNX file that training fills.</summary>
    private static ModelSource Untrained(string name, DataItems items, int seed)
    {
        if (items.Shape is not [1, var height, var width] || items.Labels is null)
        {
            throw new CommandException(
                $"{DepthwiseSeparable} takes grey images of classes, [1,height,width]; the items are {items.Shape}{(items.Labels is null ? " without classes" : "")}."
            );
        }

        TorchSharp.torch.manual_seed(seed);
        using var network = DepthwiseSeparableCnn.Small(items.Classes);
        var model = ClassifierExport.ToOnnx(network, name, height, width);
        return new ModelSource($"{name}.onnx", model.ToByteArray(), _ => null);
    }

    /// <summary>The network with what standardises its input in front, by the items that it learns from alone.</summary>
    private static ModelSource Standardized(ModelSource network, DataSet data, TrainingOptions options)
    {
        var statistics = ItemStatistics.Of(data.Part(DataPart.Training, options.ValidationPart, options.Seed));
        return new(network.Path, InputStandardisation.InFrontOf(network, statistics), _ => null);
    }

    private static void Print(IAnsiConsole console, Report report)
    {
        var (part, accuracy) = report.TestAccuracy is { } test ? ("test", test) : ("validation", report.ValidationAccuracy);
        console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{report.Output}: {report.Parameters} parameters, epoch {report.BestEpoch}, {part} accuracy {100 * accuracy:F2} %"
            )
        );
        if (report.Stopped is not null)
        {
            console.WriteLine(report.Stopped);
        }
    }
}
