using System.CommandLine;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Training;
using ModelCompiler.Training.Distillation;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Commands;

/// <summary><c>modelc distill</c>: a student, its teachers and data in, the student with what it learnt from them out.</summary>
internal static class DistillCommand
{
    private sealed record What(
        Option<string[]> Teachers,
        Option<double> Temperature,
        Option<double> Alpha,
        Option<string[]> Hints,
        Option<double> HintWeight
    );

    public static Command Create(Terminal terminal)
    {
        var defaults = new DistillationOptions();
        var what = new What(
            new("--teacher")
            {
                Description =
                    "The models that it learns from: ONNX files with the student's inputs and outputs; the mean of several counts.",
                AllowMultipleArgumentsPerToken = true,
                Required = true,
                HelpName = "file",
            },
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
            }
        );
        var command = new Command(
            "distill",
            "Train a student to give what one or several teachers give, and what the data say. Teachers may have operators without gradients. Needs libtorch."
        )
        {
            what.Teachers,
            what.Temperature,
            what.Alpha,
            what.Hints,
            what.HintWeight,
        };
        return command.WithImprovement(
            terminal,
            new(("STUDENT", "The model that learns, an ONNX file, float or quantised."), new TrainingOptions().Epochs),
            task => Distil(task, what)
        );
    }

    private static FinetuneReport Distil(ImprovementTask task, What what)
    {
        var distillation = Options(task.Parsed, what, task.Options.Seed);
        string[] paths = task.Parsed.GetRequiredValue(what.Teachers);
        var sources = paths.Select(f => OnnxFile.Read(f).Source).ToList();
        using var student = task.Open();
        var sets = task.ReadSets(student, needsTargets: distillation.Alpha < 1);
        var teachers = new List<Teacher>();
        try
        {
            foreach (var source in sources)
            {
                teachers.Add(Teacher.Open(source, task.Sizes.Dimensions));
            }

            using var objective = new DistillationObjective(student, teachers, sets.Training, task.Options.Loss, distillation);
            using var training = new NetworkTraining(student, sets.Training, task.Options, objective);
            return task.Improve(student, sets, training) with
            {
                Distillation = new(paths, distillation.Temperature, distillation.Alpha, distillation.Hints),
            };
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
