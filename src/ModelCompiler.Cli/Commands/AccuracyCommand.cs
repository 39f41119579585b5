using System.CommandLine;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Compression;
using ModelCompiler.Compression.Anomalies;
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
        var anomalies = new AnomalyArguments();
        var part = new Option<DataPart?>("--part")
        {
            Description =
                "test, validation (what training holds back by the same --validation and --seed), training (what is left of it) or all (both). Without it: test, where the data have such items, else all.",
        };
        var command = new Command(
            "accuracy",
            "Count how many items a classifier gets right, or measure the error of another network, or how well it finds anomalies, by ONNX Runtime and by the compiled code. Exits with 1 where they differ."
        )
        {
            part,
        };
        model.AddTo(command);
        anomalies.AddTo(command);
        data.AddTo(command, split: true);
        return command.WithBody(
            terminal,
            (parsed, cancellation) =>
            {
                var options = model.FixedOptions(parsed);
                ModelArguments.RequireRunnable(options.Target);
                var findsAnomalies = anomalies.AreWanted(parsed);
                var opened = ModelCase.Open(parsed.GetRequiredValue(model.File), options);
                var compiled = terminal.During("compiling", opened.Compile);
                var report = compiled.Succeeded
                    ? terminal.During("measuring", () => Measured(() => findsAnomalies ? Anomalies() : Accuracy()))
                    : AccuracyReport.NotCompiled(opened, compiled.Problems);
                return new(report.ExitCode, report, report.Print);

                AccuracyReport Accuracy()
                {
                    var (set, which) = Part(parsed, opened.File);
                    return Measure(opened, compiled, Name(which), data.Part(parsed, set, which), cancellation);
                }

                AccuracyReport Anomalies()
                {
                    var (set, which) = Part(parsed, opened.File);
                    return FindAnomalies(opened, compiled, Name(which), anomalies.Read(parsed, data, set, which), cancellation);
                }
            }
        );

        (DataSet Set, DataPart Which) Part(ParseResult parsed, OnnxFile file)
        {
            var set = data.Open(parsed, file)!;
            return (set, parsed.GetValue(part) ?? (set.Test is null ? DataPart.All : DataPart.Test));
        }
    }

    private static AccuracyReport Measure(
        ModelCase opened,
        CompiledModel compiled,
        string part,
        DataItems items,
        CancellationToken cancellation
    )
    {
        using var network = CompiledNetwork.Load(compiled, opened.Options);
        using var oracle = Oracle(opened);
        var measured = PredictionQuality.Of(
            i => network.Run([.. i.Select(t => t.Elements)]),
            i => oracle.Run(i),
            items.For(compiled.Inputs),
            items,
            cancellation
        );
        return AccuracyReport.Of(opened, part, items.Count, measured, compiled.Problems);
    }

    private static AccuracyReport FindAnomalies(
        ModelCase opened,
        CompiledModel compiled,
        string part,
        AnomalyData data,
        CancellationToken cancellation
    )
    {
        var error = ReconstructionError.For(opened.File.Source, compiled.Inputs, compiled.Outputs);
        using var network = CompiledNetwork.Load(compiled, opened.Options);
        using var oracle = Oracle(opened);
        var (normal, measured) = (Run(data.Normal), Run(data.Measured));
        var found = AnomalyReport.Of(
            data,
            AnomalyDetection.Of(normal.Ours, data.Quantile, measured.Ours, data.Anomalous),
            AnomalyDetection.Of(normal.Oracle, data.Quantile, measured.Oracle, data.Anomalous)
        );
        return AccuracyReport.OfAnomalies(opened, part, found, data.Measured.Count, measured.OutputDifference, compiled.Problems);

        ReconstructedItems Run(DataItems items) =>
            ReconstructedItems.Of(
                i => network.Run([.. i.Select(t => t.Elements)]),
                i => oracle.Run(i),
                items.For(compiled.Inputs),
                items.Count,
                error,
                cancellation
            );
    }

    private static OnnxRuntimeOracle Oracle(ModelCase opened) => new(opened.File.Bytes, signedQuantisedOperators: true);

    private static string Name(DataPart part) => part.ToString().ToLowerInvariant();

    private static AccuracyReport Measured(Func<AccuracyReport> measure)
    {
        try
        {
            return measure();
        }
        catch (CompressionException e)
        {
            throw new CommandException(e.Message, e);
        }
    }
}
