using System.CommandLine;
using System.Globalization;
using System.Text;
using ModelCompiler.Training;
using ModelCompiler.Training.Native;
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
        double TestAccuracy
    );

    public static Command Create(Terminal terminal)
    {
        var defaults = new TrainingOptions();
        var architecture = new Option<string>("--architecture")
        {
            Description = "The network: ds-cnn is a small depthwise-separable CNN for grey images.",
            DefaultValueFactory = _ => DepthwiseSeparable,
        };
        architecture.AcceptOnlyFromAmong(DepthwiseSeparable);
        var data = new Option<string>("--data")
        {
            Description = "A folder with the four files of an MNIST-like data set.",
            Required = true,
        };
        var output = new Option<string>("--output", "-o") { Description = "Where the trained model goes.", Required = true };
        var epochs = new Option<int>("--epochs")
        {
            Description = "Passes over the training images.",
            DefaultValueFactory = _ => defaults.Epochs,
        };
        var seed = new Option<int>("--seed")
        {
            Description = "Decides weights, order and augmentation.",
            DefaultValueFactory = _ => defaults.Seed,
        };
        var threads = new Option<int>("--threads") { Description = "Threads of libtorch; 0 for its own choice." };
        var log = new Option<string?>("--log") { Description = "A file for one line an epoch, comma-separated." };
        var command = new Command("train", "Train a network on labelled images and write it as a float ONNX model. Needs libtorch.")
        {
            architecture,
            data,
            output,
            epochs,
            seed,
            threads,
            log,
        };
        return command.WithBody(
            terminal,
            (parsed, cancellation) =>
            {
                var options = new TrainingOptions
                {
                    Epochs = parsed.GetValue(epochs),
                    Seed = parsed.GetValue(seed),
                    Threads = parsed.GetValue(threads),
                };
                var path = parsed.GetRequiredValue(output);
                var lines = new StringBuilder();
                var trained = Train(parsed.GetRequiredValue(data), Path.GetFileNameWithoutExtension(path), options, Log, cancellation);
                WholeFile.Write(path, trained.Onnx);
                if (parsed.GetValue(log) is { } logPath)
                {
                    WholeFile.Write(logPath, Encoding.UTF8.GetBytes(lines.ToString()));
                }

                return Result(path, parsed.GetRequiredValue(architecture), trained);

                void Log(string line)
                {
                    lines.Append(line).Append('\n');
                    terminal.Messages.WriteLine(line);
                }
            }
        );
    }

    private static TrainedClassifier Train(
        string data,
        string name,
        TrainingOptions options,
        Action<string> log,
        CancellationToken cancellation
    )
    {
        try
        {
            return TrainingRun.Run(data, name, options, log, cancellation);
        }
        catch (Exception e) when (e is LibTorchException or ArgumentOutOfRangeException)
        {
            throw new CommandException(e.Message, e);
        }
    }

    private static CommandResult Result(string output, string architecture, TrainedClassifier trained)
    {
        var report = new Report(
            output,
            architecture,
            trained.Parameters,
            trained.Best.Epoch,
            trained.Best.ValidationAccuracy,
            trained.TestAccuracy
        );
        return new(
            ExitCodes.Success,
            report,
            console =>
                console.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{output}: {report.Parameters} parameters, epoch {report.BestEpoch}, test accuracy {100 * report.TestAccuracy:F2} %"
                    )
                )
        );
    }
}
