using System.CommandLine;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Compression;
using ModelCompiler.Compression.Data;
using ModelCompiler.Compression.Ensembles;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Commands;

/// <summary><c>modelc ensemble</c>: several models become one.</summary>
internal static class EnsembleCommand
{
    public static Command Create(Terminal terminal)
    {
        var files = new Argument<string[]>("FILES")
        {
            Description = "The models: ONNX files with the same inputs and outputs.",
            Arity = new ArgumentArity(2, 1000),
        };
        var output = new Option<string>("--output", "-o") { Description = "Where the ensemble goes.", Required = true };
        var rule = new Option<EnsembleRule>("--rule")
        {
            Description = "average of the outputs, or vote: the share of the models whose highest score is there.",
            DefaultValueFactory = _ => EnsembleRule.Average,
        };
        var weights = new Option<double[]>("--weights")
        {
            Description = "How much each model counts, in their order; without it all count alike.",
            AllowMultipleArgumentsPerToken = true,
        };
        var data = new DataOptions("--data", "What accuracy is measured on", required: false);
        var withoutTime = Timing.Without();
        var command = new Command("ensemble", "Make one model of several that take and give the same.")
        {
            files,
            output,
            rule,
            weights,
            withoutTime,
        };
        data.AddTo(command, split: false);
        return command.WithBody(
            terminal,
            (parsed, cancellation) =>
            {
                var cases = parsed.GetRequiredValue(files).Select(f => ModelCase.Open(f, new CompileOptions())).ToList();
                var given = parsed.GetValue(weights) is { Length: > 0 } numbers ? numbers : null;
                var options = new EnsembleOptions(parsed.GetValue(rule), given) { Compile = cases[0].Options };
                try
                {
                    var ensemble = Ensemble.Combine([.. cases.Select(c => c.File.Source)], options);
                    var path = parsed.GetRequiredValue(output);
                    ModelSource[] models = [.. cases.Select(c => c.File.Source), new(path, ensemble, _ => null)];
                    var measured = terminal.During("measuring", () => Measure(models));
                    WholeFile.Write(path, ensemble);
                    var report = new EnsembleReport(path, measured[..^1], measured[^1].Cost);
                    return new(ExitCodes.Success, report, report.Print);
                }
                catch (CompressionException e)
                {
                    throw new CommandException(e.Message, e);
                }

                List<EnsembleMember> Measure(IReadOnlyList<ModelSource> models) =>
                    [
                        .. models
                            .Zip(ModelCost.Of(models, cases[0].Options, Timing.Of(parsed, withoutTime), cancellation))
                            .Select(m => new EnsembleMember(m.First.Path, m.Second with { Accuracy = AccuracyOf(m.First) })),
                    ];

                double? AccuracyOf(ModelSource source) =>
                    data.Open(parsed, cases[0].File) is { } set
                        ? Accuracy(source, set.Test ?? set.Training, cases[0].Options, cancellation)
                        : null;
            }
        );
    }

    /// <summary>The part of labelled items that ONNX Runtime gets right with a model.</summary>
    /// <exception cref="CompressionException">The items have no labels, or do not fit the model.</exception>
    internal static double Accuracy(ModelSource source, DataItems items, CompileOptions options, CancellationToken cancellation)
    {
        if (items.Labels is null)
        {
            throw new CompressionException("the data say no classes, which accuracy needs");
        }

        var inputs = ValuePorts.Inputs(OnnxModel.Read(source), source.Path, options);
        return (double)ClassificationAccuracy.Right(source.Bytes, inputs, items, cancellation) / items.Count;
    }
}
