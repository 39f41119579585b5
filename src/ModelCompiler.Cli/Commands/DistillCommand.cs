using System.CommandLine;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Compression.Data;
using ModelCompiler.Sizes;
using ModelCompiler.Training;
using ModelCompiler.Training.Data;
using ModelCompiler.Training.Distillation;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Commands;

/// <summary><c>modelc distill</c>: a student, its teachers and data in, the student with what it learnt from them out.</summary>
internal static class DistillCommand
{
    private static readonly TrainingOptions Defaults = new()
    {
        Optimiser = new() { LearningRate = 1e-3, WeightDecay = 0 },
        Schedule = new() { WarmUpEpochs = 0.5 },
    };

    private sealed record What(
        Argument<string> Student,
        Option<string[]> Teachers,
        Option<string> Data,
        Option<string?> Test,
        Option<string> Output,
        Option<double> Temperature,
        Option<double> Alpha,
        Option<string[]> Hints,
        Option<double> HintWeight,
        Option<bool> Augment,
        Option<PixelRange> Pixels,
        Option<DimensionRange[]> Dimensions
    );

    public static Command Create(Terminal terminal)
    {
        var defaults = new DistillationOptions();
        var what = new What(
            new("STUDENT") { Description = "The model that learns, an ONNX file, float or quantised." },
            new("--teacher")
            {
                Description =
                    "The models that it learns from: ONNX files with the student's inputs and outputs; the mean of several counts.",
                AllowMultipleArgumentsPerToken = true,
                Required = true,
                HelpName = "file",
            },
            new("--data") { Description = $"What to learn from: {TrainingSets.Forms}.", Required = true },
            new("--test") { Description = "An .npz file to measure with; else the folder's test images, or the items held back." },
            new("--output", "-o") { Description = "Where the trained student goes.", Required = true },
            new("--temperature")
            {
                Description = "What scores are divided by before probabilities are compared.",
                DefaultValueFactory = _ => defaults.Temperature,
            },
            new("--alpha")
            {
                Description = "The teachers' share in the loss, 0 to 1; the rest is that of the targets.",
                DefaultValueFactory = _ => defaults.Alpha,
            },
            new("--hint")
            {
                Description = "Inner values that are to become alike, by their names in the files.",
                AllowMultipleArgumentsPerToken = true,
                HelpName = "student=teacher",
            },
            new("--hint-weight")
            {
                Description = "What the squared errors of hints are multiplied with.",
                DefaultValueFactory = _ => defaults.HintWeight,
            },
            new("--augment") { Description = "Move images by up to two pixels, and mirror half of them." },
            ImageOptions.Pixels(),
            new ModelArguments().Dimensions
        );
        var arguments = new TrainingArguments(Defaults);
        var command = new Command(
            "distill",
            "Train a student to give what one or several teachers give, and what the data say. Teachers may have operators without gradients. Needs libtorch."
        )
        {
            what.Student,
            what.Teachers,
            what.Data,
            what.Test,
            what.Output,
            what.Temperature,
            what.Alpha,
            what.Hints,
            what.HintWeight,
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
                var report = TrainingSession.Sentences(() => Distil(session, parsed, what, options, cancellation));
                return new(ExitCodes.Success, report, report.Print);
            }
        );
    }

    private static FinetuneReport Distil(
        TrainingSession session,
        ParseResult parsed,
        What what,
        TrainingOptions options,
        CancellationToken cancellation
    )
    {
        var distillation = Options(parsed, what, options.Seed);
        var file = OnnxFile.Read(parsed.GetRequiredValue(what.Student));
        string[] paths = parsed.GetRequiredValue(what.Teachers);
        var sources = paths.Select(f => OnnxFile.Read(f).Source).ToList();
        session.LoadTorch();
        var sizes = new CompileOptions().With(parsed.GetValue(what.Dimensions) ?? []);
        ModelArguments.RequireFixed(sizes);
        using var student = TrainableModel.Open(file.Source, sizes.Dimensions);
        var sets = TrainingSets.Read(student, parsed.GetRequiredValue(what.Data), parsed.GetValue(what.Test), parsed.GetValue(what.Pixels));
        var teachers = new List<Teacher>();
        try
        {
            foreach (var source in sources)
            {
                teachers.Add(Teacher.Open(source, sizes.Dimensions));
            }

            using var objective = new DistillationObjective(student, teachers, sets.Training, options.Loss, distillation);
            using var training = new NetworkTraining(student, sets.Training, options, objective);
            var report = session.Improve(
                file.Path,
                parsed.GetRequiredValue(what.Output),
                student,
                sets,
                training,
                options,
                sizes,
                cancellation
            );
            return report with { Distillation = new(paths, distillation.Temperature, distillation.Alpha, distillation.Hints) };
        }
        finally
        {
            teachers.ForEach(t => t.Dispose());
        }
    }

    private static DistillationOptions Options(ParseResult parsed, What what, int seed) =>
        new()
        {
            Temperature = parsed.GetValue(what.Temperature),
            Alpha = parsed.GetValue(what.Alpha),
            Hints = [.. (parsed.GetValue(what.Hints) ?? []).Select(HintOf)],
            HintWeight = parsed.GetValue(what.HintWeight),
            Seed = seed,
        };

    private static FeatureHint HintOf(string text)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        return at > 0 && at < text.Length - 1
            ? new(text[..at], text[(at + 1)..])
            : throw new CommandException($"--hint: '{text}' is not of the form student=teacher.");
    }
}
