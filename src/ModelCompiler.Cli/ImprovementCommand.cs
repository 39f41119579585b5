using System.CommandLine;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Compression.Data;
using ModelCompiler.Sizes;
using ModelCompiler.Training;
using ModelCompiler.Training.Data;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli;

/// <summary>Everything that a command works with which trains a model that is there.</summary>
/// <param name="Session">Messages, checkpoint, log and picture.</param>
/// <param name="Arguments">The arguments that such commands share.</param>
/// <param name="Parsed">The user's choices.</param>
/// <param name="Options">How is trained.</param>
/// <param name="Cancellation">Stops between two batches.</param>
internal sealed record ImprovementTask(
    TrainingSession Session,
    ImprovementArguments Arguments,
    ParseResult Parsed,
    TrainingOptions Options,
    CancellationToken Cancellation
)
{
    /// <summary>The file of the model.</summary>
    public OnnxFile File { get; } = OnnxFile.Read(Parsed.GetRequiredValue(Arguments.File));

    /// <summary>How the compiler takes the model.</summary>
    public CompileOptions Sizes { get; } = Fixed(new CompileOptions().With(Parsed.GetValue(Arguments.Dimensions) ?? []));

    /// <summary>Loads libtorch, and opens the model with what of it is to stay as it is.</summary>
    public TrainableModel Open()
    {
        Session.LoadTorch();
        var model = TrainableModel.Open(File.Source, Sizes.Dimensions);
        try
        {
            Arguments.Kept.ApplyTo(model, Parsed);
            return model;
        }
        catch (CommandException)
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Reads the items.</summary>
    /// <param name="model">The model that learns.</param>
    /// <param name="needsTargets">Whether something has to say what it is to give for them.</param>
    public TrainingSets ReadSets(TrainableModel model, bool needsTargets = true)
    {
        var set = Arguments.Data.Open(Parsed, File)!;
        return Parsed.GetValue(Arguments.Part) == DataPart.Validation
            ? new(TrainingItems.Of(model, set.Training, needsTargets), null)
            : TrainingSets.Of(model, set, needsTargets);
    }

    /// <summary>Measures the model, trains it, measures it again and writes it.</summary>
    public FinetuneReport Improve(TrainableModel model, TrainingSets sets, NetworkTraining training) =>
        Session.Improve(
            File.Source,
            Parsed.GetRequiredValue(Arguments.Output),
            model,
            sets,
            training,
            Options,
            (Compilation, Timing.Of(Parsed, Arguments.WithoutTime)),
            Cancellation
        );

    /// <summary>How the compiler takes the model where recorded data beside it say more of its shapes.</summary>
    private CompileOptions Compilation => ModelCase.Open(File.Path, Sizes).Options;

    private static CompileOptions Fixed(CompileOptions sizes)
    {
        ModelArguments.RequireFixed(sizes);
        return sizes;
    }
}

/// <summary>The arguments of commands that train a model that is there.</summary>
internal sealed class ImprovementArguments
{
    /// <summary>Makes the arguments of a command.</summary>
    /// <param name="file">Name and description of the model.</param>
    /// <param name="epochs">Passes over the items where the user says nothing.</param>
    public ImprovementArguments((string Name, string Description) file, int epochs)
    {
        File = new(file.Name) { Description = file.Description };
        Part.AcceptOnlyFromAmong("test", "validation");
        Training = new(
            new()
            {
                Epochs = epochs,
                Optimiser = new() { LearningRate = 1e-3, WeightDecay = 0 },
                Schedule = new() { WarmUpEpochs = 0.5 },
            }
        );
    }

    public Argument<string> File { get; }

    public DataOptions Data { get; } = new("--data", "What to learn from", required: true);

    public Option<DataPart?> Part { get; } =
        new("--part")
        {
            Description =
                "What is measured on before and after: test (the default, where there are test items) or validation, so that test items stay unseen.",
        };

    public Option<string> Output { get; } = new("--output", "-o") { Description = "Where the trained model goes.", Required = true };

    public Option<bool> Augment { get; } =
        new("--augment") { Description = "Move images by up to two pixels and mirror half of them; change sounds as voices and rooms do." };

    public Option<DimensionRange[]> Dimensions { get; } = new ModelArguments().Dimensions;

    public KeptParameters Kept { get; } = new();

    public Option<bool> WithoutTime { get; } = Timing.Without();

    public TrainingArguments Training { get; }
}

/// <summary>The body that commands share which train a model that is there: read, measure, train, measure, write, report.</summary>
internal static class ImprovementCommand
{
    /// <summary>Adds the shared arguments behind the command's own, and what it does.</summary>
    public static Command WithImprovement(
        this Command command,
        Terminal terminal,
        ImprovementArguments arguments,
        Func<ImprovementTask, FinetuneReport> improve
    )
    {
        command.Arguments.Insert(0, arguments.File);
        arguments.Data.AddTo(command, split: false);
        command.Options.Add(arguments.Part);
        command.Options.Add(arguments.Output);
        command.Options.Add(arguments.Augment);
        command.Options.Add(arguments.Dimensions);
        arguments.Kept.AddTo(command);
        arguments.Training.AddTo(command);
        command.Options.Add(arguments.WithoutTime);
        return command.WithBody(
            terminal,
            (parsed, cancellation) =>
            {
                var options = arguments.Training.Options(parsed) with { Augments = parsed.GetValue(arguments.Augment) };
                var session = new TrainingSession(terminal, arguments.Training, parsed);
                var report = TrainingSession.Sentences(() => improve(new(session, arguments, parsed, options, cancellation)));
                return new(ExitCodes.Success, report, report.Print);
            }
        );
    }
}
