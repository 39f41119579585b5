using System.CommandLine;
using System.Text;
using Microsoft.ML.OnnxRuntime;
using ModelCompiler.Cli.Publishing;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Cli.Reports.Html;
using ModelCompiler.Compression;
using ModelCompiler.Compression.Data;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Commands;

/// <summary><c>modelc report</c>: one page on a model, or on several beside each other.</summary>
internal static class ReportCommand
{
    public static Command Create(Terminal terminal)
    {
        var files = new Argument<string[]>("FILES")
        {
            Description = "The models, ONNX files; of several the first is what the others are compared with.",
            Arity = new ArgumentArity(1, 100),
        };
        var output = new Option<string>("--output", "-o") { Description = "Where the page goes, an HTML file.", Required = true };
        var search = new Option<string?>("--search")
        {
            Description = "The JSON of modelc compress, whose Pareto front is shown.",
            HelpName = "FRONT.json",
        };
        var seconds = new Option<double>("--seconds")
        {
            Description = "How long to measure each model, and as long again its layers; 0 measures nothing.",
            DefaultValueFactory = _ => 3,
            HelpName = "N",
        };
        seconds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (>= 0 and <= 3600))
            {
                result.AddError("--seconds: expected a number between 0 and 3600.");
            }
        });
        var published = new Option<bool>("--published")
        {
            Description =
                "Publish a small NativeAOT program with and without each model, and say how much the binary grows. Needs the .NET SDK, and clang or gcc.",
        };
        var command = new Command(
            "report",
            "Write one HTML page, which needs no network: graph, layers, arena over time, weights and times of a model, or of several beside each other."
        )
        {
            files,
            output,
            search,
            seconds,
            published,
        };
        var data = new DataOptions("--data", "What accuracy is measured on, by ONNX Runtime", required: false);
        data.AddTo(command, split: false);
        var model = new ModelArguments();
        model.AddOptionsTo(command);
        return command.WithBody(
            terminal,
            (parsed, cancellation) =>
            {
                var front = parsed.GetValue(search) is { } path ? SearchFront.Read(path) : null;
                var cases = parsed.GetRequiredValue(files).Select(f => ModelCase.Open(f, model.FixedOptions(parsed, f))).ToList();
                var duration = TimeSpan.FromSeconds(parsed.GetValue(seconds));
                RequireMeasurable(cases[0].Options.Target, duration);
                var (models, diagnostics) = terminal.During("compiling", () => Facts(cases));
                if (models.Count < cases.Count)
                {
                    var failed = new PageReport("unsupported", null, [], diagnostics);
                    return new(ExitCodes.CannotCompile, failed, failed.Print);
                }

                models = terminal.During(
                    "running the models",
                    () => WithAccuracy(models, cases, c => data.Open(parsed, c.File), cancellation)
                );
                models = parsed.GetValue(published) ? WithSizes(models, cases, terminal, cancellation) : models;
                models = duration > TimeSpan.Zero ? WithTimes(models, cases, duration, terminal, cancellation) : models;
                cancellation.ThrowIfCancellationRequested();
                var page = parsed.GetRequiredValue(output);
                WholeFile.Write(page, Encoding.UTF8.GetBytes(ReportPage.Write(models, front)));
                var report = new PageReport("written", page, [.. models.Select(PageModelReport.Of)], diagnostics);
                return new(ExitCodes.Success, report, report.Print);
            }
        );
    }

    private static void RequireMeasurable(Target target, TimeSpan duration)
    {
        if (duration > TimeSpan.Zero && !Processor.Supports(target))
        {
            throw new CommandException(
                $"This processor cannot run code for {target.Name}, so there is nothing to measure: give --seconds 0."
            );
        }
    }

    /// <summary>The facts of the models that compile, and what the compiler says of all.</summary>
    private static (IReadOnlyList<ModelFacts> Models, IReadOnlyList<DiagnosticReport> Diagnostics) Facts(IReadOnlyList<ModelCase> cases)
    {
        var inspected = cases.Select(c => (Case: c, Report: InspectReport.Of(c))).ToList();
        return (
            [.. inspected.Select(i => ModelFacts.Of(i.Case, i.Report)).OfType<ModelFacts>()],
            [.. inspected.SelectMany(i => i.Report.Diagnostics)]
        );
    }

    /// <summary>Measures accuracy on the test items, or on all where there is one set only; without data nothing.</summary>
    private static IReadOnlyList<ModelFacts> WithAccuracy(
        IReadOnlyList<ModelFacts> models,
        IReadOnlyList<ModelCase> cases,
        Func<ModelCase, DataSet?> open,
        CancellationToken cancellation
    )
    {
        try
        {
            return
            [
                .. models.Zip(
                    cases,
                    (m, c) =>
                        open(c) is { } set
                            ? m with
                            {
                                Accuracy = EnsembleCommand.Accuracy(c.File.Source, set.Test ?? set.Training, c.Options, cancellation),
                            }
                            : m
                ),
            ];
        }
        catch (Exception e) when (e is CompressionException or OnnxRuntimeException)
        {
            throw new CommandException(e.Message, e);
        }
    }

    private static IReadOnlyList<ModelFacts> WithTimes(
        IReadOnlyList<ModelFacts> models,
        IReadOnlyList<ModelCase> cases,
        TimeSpan duration,
        Terminal terminal,
        CancellationToken cancellation
    )
    {
        var times = terminal.During("measuring", () => ModelTimes.Measure(cases, duration, cancellation));
        return [.. models.Zip(times, (m, t) => m with { Time = t })];
    }

    private static IReadOnlyList<ModelFacts> WithSizes(
        IReadOnlyList<ModelFacts> models,
        IReadOnlyList<ModelCase> cases,
        Terminal terminal,
        CancellationToken cancellation
    )
    {
        using var program = new NativeProgram(cases[0].Options.Target);
        return terminal.WithProgress(
            "publishing",
            done =>
            {
                var sized = new List<ModelFacts>();
                foreach (var (facts, opened) in models.Zip(cases))
                {
                    var published = program.Publish(opened, $"model{sized.Count}", cancellation);
                    sized.Add(facts with { Published = new(published.Bytes, published.Growth) });
                    done((double)sized.Count / models.Count);
                }

                return sized;
            }
        );
    }
}
