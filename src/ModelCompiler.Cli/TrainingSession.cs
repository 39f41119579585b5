using System.CommandLine;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Compression;
using ModelCompiler.Training;
using ModelCompiler.Training.Data;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Training.Native;
using Spectre.Console;

namespace ModelCompiler.Cli;

/// <summary>What the commands that train have in common: messages, checkpoint, log and picture.</summary>
internal sealed class TrainingSession(Terminal terminal, TrainingArguments arguments, ParseResult parsed)
{
    /// <summary>Loads libtorch.</summary>
    public void LoadTorch() => LibTorch.Load(message => terminal.Messages.WriteLine($"# {message}"));

    /// <summary>Passes on what is wrong with model, data or libtorch as a sentence.</summary>
    public static T Sentences<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (NotDifferentiableException e)
        {
            throw new CommandException(e.Message, e, ExitCodes.NotDifferentiable);
        }
        catch (Exception e) when (e is TrainingException or CompressionException or LibTorchException)
        {
            throw new CommandException(e.Message, e);
        }
    }

    /// <summary>Trains a model in place, and writes what was asked for beside it.</summary>
    /// <param name="name">Title of the picture.</param>
    /// <param name="training">The training.</param>
    /// <param name="options">Its options.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    public TrainingHistory Run(string name, NetworkTraining training, TrainingOptions options, CancellationToken cancellation)
    {
        var checkpoint = parsed.GetValue(arguments.Checkpoint);
        if (parsed.GetValue(arguments.Resume) && File.Exists(checkpoint))
        {
            training.Resume(File.ReadAllBytes(checkpoint));
        }

        var threads = TorchSharp.torch.get_num_threads();
        foreach (var line in TrainingLog.Head(options, training.TrainingCount, training.ValidationCount, threads, training.Remarks))
        {
            terminal.Messages.WriteLine(line);
        }

        var history = terminal.WithProgress(
            "training",
            progress =>
                training.Run(
                    epoch =>
                    {
                        terminal.Messages.WriteLine(TrainingLog.Row(epoch));
                        if (checkpoint is not null)
                        {
                            WholeFile.Write(checkpoint, training.Save());
                        }
                    },
                    progress,
                    cancellation
                )
        );
        if (parsed.GetValue(arguments.Log) is { } log)
        {
            WholeFile.Write(log, LogOf(training, options, history).ToFile(log));
        }

        if (parsed.GetValue(arguments.Plot) is { } plot)
        {
            WholeFile.Write(plot, TrainingCurve.ToPng(name, history.Epochs));
        }

        return history;
    }

    /// <summary>Measures a model, trains it, measures it again and writes it.</summary>
    /// <param name="source">The file of the model.</param>
    /// <param name="output">Where the trained model goes.</param>
    /// <param name="model">The model.</param>
    /// <param name="sets">The items.</param>
    /// <param name="training">The training.</param>
    /// <param name="options">Its options.</param>
    /// <param name="report">How the compiler takes the model, and how long its time is measured.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    public FinetuneReport Improve(
        ModelSource source,
        string output,
        TrainableModel model,
        TrainingSets sets,
        NetworkTraining training,
        TrainingOptions options,
        (CompileOptions Compile, Timing Timing) report,
        CancellationToken cancellation
    )
    {
        var before = Measure("measuring before", model, sets.Test, training, options, cancellation);
        var history = Run(Path.GetFileName(source.Path), training, options, cancellation);
        var after = Measure("measuring after", model, sets.Test, training, options, cancellation);
        var trained = new ModelSource(output, model.ToOnnx(), _ => null);
        WholeFile.Write(output, trained.Bytes);
        var cost = terminal.During("measuring times", () => ModelCost.Pair(source, trained, report.Compile, report.Timing, cancellation));
        return new(
            source.Path,
            output,
            sets.Test is null ? "validation" : "test",
            sets.Test?.Count ?? training.ValidationCount,
            cost.Before.With(before),
            cost.After.With(after),
            history.Epochs.Count,
            history.Best.Epoch,
            history.Stopped,
            model.Parameters.Where(p => !p.IsFrozen && !p.IsStatistic).Sum(p => (long)p.Shape.Elements),
            model.Parameters.Where(p => p.IsFrozen).Sum(p => (long)p.Shape.Elements),
            training.Remarks
        );
    }

    /// <summary>Measures a model on test items, or on those that were held back where there are none.</summary>
    public Measurement Measure(
        string what,
        TrainableModel model,
        TrainingItems? test,
        NetworkTraining training,
        TrainingOptions options,
        CancellationToken cancellation
    ) =>
        terminal.During(
            what,
            () => test is null ? training.MeasureValidation(cancellation) : NetworkTraining.Measure(model, test, options.Loss, cancellation)
        );

    private static TrainingLog LogOf(NetworkTraining training, TrainingOptions options, TrainingHistory history) =>
        new(
            options,
            training.TrainingCount,
            training.ValidationCount,
            history.Epochs,
            history.Best.Epoch,
            history.Stopped,
            training.Remarks
        );
}
