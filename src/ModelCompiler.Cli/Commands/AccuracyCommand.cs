using System.CommandLine;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Compression;
using ModelCompiler.Compression.Data;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Commands;

/// <summary><c>modelc accuracy</c>: how many test images a classifier gets right, run by ONNX Runtime and as compiled code.</summary>
internal static class AccuracyCommand
{
    public static Command Create(Terminal terminal)
    {
        var model = new ModelArguments();
        var data = new DataOptions("--data", "What is measured on", required: true);
        var part = new Option<DataPart?>("--part")
        {
            Description =
                "test, validation (what training holds back by the same --validation and --seed), training (what is left of it) or all (both). Without it: test, where the data have such items, else all.",
        };
        var command = new Command(
            "accuracy",
            "Count how many items a classifier gets right, or measure the error of another network, by ONNX Runtime and by the compiled code. Exits with 1 where they differ."
        )
        {
            part,
        };
        model.AddTo(command);
        data.AddTo(command, split: true);
        return command.WithBody(
            terminal,
            (parsed, cancellation) =>
            {
                var options = model.FixedOptions(parsed);
                ModelArguments.RequireRunnable(options.Target);
                var opened = ModelCase.Open(parsed.GetRequiredValue(model.File), options);
                var compiled = terminal.During("compiling", opened.Compile);
                var report = compiled.Succeeded
                    ? terminal.During("measuring", () => Measure(opened, compiled, () => Items(parsed, opened.File), cancellation))
                    : AccuracyReport.NotCompiled(opened, compiled.Problems);
                return new(report.ExitCode, report, report.Print);
            }
        );

        (string Part, DataItems Items) Items(ParseResult parsed, OnnxFile file)
        {
            var set = data.Open(parsed, file)!;
            var which = parsed.GetValue(part) ?? (set.Test is null ? DataPart.All : DataPart.Test);
            return (which.ToString().ToLowerInvariant(), data.Part(parsed, set, which));
        }
    }

    private static AccuracyReport Measure(
        ModelCase opened,
        CompiledModel compiled,
        Func<(string Part, DataItems Items)> data,
        CancellationToken cancellation
    )
    {
        try
        {
            var (part, items) = data();
            using var network = CompiledNetwork.Load(compiled, opened.Options);
            using var oracle = new OnnxRuntimeOracle(opened.File.Bytes, signedQuantisedOperators: true);
            var measured = PredictionQuality.Of(
                i => network.Run([.. i.Select(t => t.Elements)]),
                i => oracle.Run(i),
                items.For(compiled.Inputs),
                items,
                cancellation
            );
            return AccuracyReport.Of(opened, part, items.Count, measured, compiled.Problems);
        }
        catch (CompressionException e)
        {
            throw new CommandException(e.Message, e);
        }
    }
}
