using System.CommandLine;
using System.Security.Cryptography;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Cli.Search;
using ModelCompiler.Compression.Search;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Commands;

/// <summary><c>modelc compress</c>: the smallest model that is still good, found by trying.</summary>
internal static class CompressCommand
{
    public static Command Create(Terminal terminal)
    {
        var arguments = new SearchArguments();
        var command = new Command(
            "compress",
            "Search for the smallest integer model that loses no more accuracy than allowed: channels pruned, weights of fewer bits, in blocks or of shared values, all of it trained again. Needs libtorch."
        );
        arguments.AddTo(command);
        return command.WithBody(
            terminal,
            (parsed, cancellation) =>
            {
                var opened = ModelCase.Open(parsed.GetRequiredValue(arguments.File), arguments.Compile(parsed));
                return ModelCompilation.Plan(opened.File.Source, opened.Options) is { Description: null } failed
                    ? CompressionCommand.NotCompiled(opened, failed)
                    : CompressionCommand.Sentences(() =>
                        TrainingSession.Sentences(() => Search(terminal, arguments, parsed, opened, cancellation))
                    );
            }
        );
    }

    private static CommandResult Search(
        Terminal terminal,
        SearchArguments arguments,
        ParseResult parsed,
        ModelCase opened,
        CancellationToken cancellation
    )
    {
        var output = parsed.GetRequiredValue(arguments.Output);
        var data = terminal.During("reading the data", () => SearchData.Read(opened, arguments, parsed));
        var model = Convert.ToHexStringLower(SHA256.HashData(opened.File.Bytes));
        var settings = arguments.Settings(parsed, model, data.Fingerprint());
        using var folder = SearchFolder.Open(parsed.GetValue(arguments.Work) ?? $"{output}.search", settings);
        if (!File.Exists(folder.Calibration))
        {
            WholeFile.Write(folder.Calibration, data.Calibration(arguments.Samples(parsed)));
        }

        var runner = new CommandStepRunner(
            folder,
            SearchStep.IdOf(settings.SelectMany(s => new[] { s.Key, s.Value })),
            opened.File.Path,
            arguments.Common(parsed, folder.Calibration),
            opened.Options,
            data.ValidationAccuracy
        );
        var run = new SearchRun(
            terminal,
            folder,
            runner,
            arguments.Space(parsed),
            arguments.Goal(parsed),
            arguments.Jobs(parsed),
            arguments.Time(parsed)
        );
        var knowledge = run.Execute(data.ValidationAccuracy(opened.File.Bytes, cancellation), cancellation);
        var verdict = SearchVerdict.Of(knowledge);
        var chosen = File.ReadAllBytes(folder.ModelOf(verdict.Chosen.Id));
        byte[][] models = [opened.File.Bytes, File.ReadAllBytes(folder.ModelOf(knowledge.Baseline.Id)), chosen];
        var test = terminal.During("measuring on the test items", () => data.TestAccuracies(models, cancellation));
        WholeFile.Write(output, chosen);
        if (parsed.GetValue(arguments.Plot) is { } plot)
        {
            WholeFile.Write(plot, ParetoPlot.ToPng(Path.GetFileName(opened.File.Path), knowledge, verdict.Chosen));
        }

        var report = CompressReport.Of(opened.File.Path, output, knowledge, verdict, test, data.ValidationCount, run.Spent);
        return new(report.ExitCode, report, report.Print);
    }
}
