using System.CommandLine;
using System.Globalization;
using Google.Protobuf;
using ModelCompiler.Compression.Data;
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
        var arguments = new TrainingArguments(new TrainingOptions { Augments = true });
        var command = new Command("train", "Train a network on labelled images and write it as a float ONNX model. Needs libtorch.")
        {
            architecture,
            output,
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
                    Train(session, data.Open(parsed, model: null)!, path, arguments.Options(parsed), cancellation)
                );
                return new(ExitCodes.Success, report, console => Print(console, report));
            }
        );
    }

    private static Report Train(TrainingSession session, DataSet data, string path, TrainingOptions options, CancellationToken cancellation)
    {
        session.LoadTorch();
        var name = Path.GetFileNameWithoutExtension(path);
        using var model = TrainableModel.Open(Untrained(name, data.Training, options.Seed));
        var sets = TrainingSets.Of(model, data);
        using var training = new NetworkTraining(model, sets.Training, options);
        var history = session.Run(name, training, options, cancellation);
        var measured = session.Measure("measuring", model, sets.Test, training, options, cancellation);
        WholeFile.Write(path, model.ToOnnx());
        return new(
            path,
            DepthwiseSeparable,
            model.Parameters.Where(p => !p.IsStatistic).Sum(p => (long)p.Shape.Elements),
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
