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
        if (SavedState() is { } state)
        {
            training.Resume(state);
        }

        WriteHead(training, options);
        var history = terminal.WithProgress(
            "training",
            progress =>
                training.Run(
                    epoch =>
                    {
                        terminal.Messages.WriteLine(TrainingLog.Row(epoch));
                        SaveState(training.Save);
                    },
                    progress,
                    cancellation
                )
        );
        WriteEpochs(name, LogOf(training, options, history));
        return history;
    }

    /// <summary>What the checkpoint has, where the user wants to go on from one that is there; null elsewhere.</summary>
    public byte[]? SavedState() =>
        parsed.GetValue(arguments.Resume) && parsed.GetValue(arguments.Checkpoint) is { } path && File.Exists(path)
            ? File.ReadAllBytes(path)
            : null;

    /// <summary>Writes the checkpoint, where the user wants one.</summary>
    public void SaveState(Func<byte[]> state)
    {
        if (parsed.GetValue(arguments.Checkpoint) is { } path)
        {
            WholeFile.Write(path, state());
        }
    }

    /// <summary>Writes what stands above the lines of the epochs.</summary>
    public void WriteHead(NetworkTraining training, TrainingOptions options)
    {
        var threads = TorchSharp.torch.get_num_threads();
        foreach (var line in TrainingLog.Head(options, training.TrainingCount, training.ValidationCount, threads, training.Remarks))
        {
            WriteLine(line);
        }
    }

    /// <summary>Writes the line of an epoch, or another, while training goes on.</summary>
    public void WriteLine(string line) => terminal.Messages.WriteLine(line);

    /// <summary>Writes log and picture of the epochs, where the user wants them.</summary>
    public void WriteEpochs(string title, TrainingLog epochs)
    {
        if (parsed.GetValue(arguments.Log) is { } log)
        {
            WholeFile.Write(log, epochs.ToFile(log));
        }

        if (parsed.GetValue(arguments.Plot) is { } plot)
        {
            WholeFile.Write(plot, TrainingCurve.ToPng(title, epochs.Epochs));
        }
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
        var before = Measure("measuring before", sets.Test, training, cancellation);
        var history = Run(Path.GetFileName(source.Path), training, options, cancellation);
        var after = Measure("measuring after", sets.Test, training, cancellation);
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

    /// <summary>Measures the model that is trained on test items, or on those that were held back where there are none.</summary>
    public Measurement Measure(string what, TrainingItems? test, NetworkTraining training, CancellationToken cancellation) =>
        terminal.During(what, () => test is null ? training.MeasureValidation(cancellation) : training.Measure(test, cancellation));

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
