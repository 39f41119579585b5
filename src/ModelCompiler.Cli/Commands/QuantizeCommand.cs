using System.CommandLine;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Compression;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Compression.Quantisation;
using ModelCompiler.Training.Native;
using ModelCompiler.Verification;
using Spectre.Console;

namespace ModelCompiler.Cli.Commands;

/// <summary><c>modelc quantize</c>: a float model becomes an integer one.</summary>
internal static class QuantizeCommand
{
    // Errors of outputs, by which layers get their bits, need no more.
    private const int MeasuredSamples = 100;

    public static Command Create(Terminal terminal)
    {
        var arguments = new QuantizeArguments();
        var command = new Command(
            "quantize",
            "Quantise a float model: weights for each output channel, activations by the ranges seen on samples. With labelled items, accuracy before and after is measured."
        );
        arguments.AddTo(command);
        return command.WithBody(
            terminal,
            (parsed, cancellation) =>
            {
                var opened = ModelCase.Open(parsed.GetRequiredValue(arguments.Model.File), arguments.Model.FixedOptions(parsed));
                if (ModelCompilation.Plan(opened.File.Source, opened.Options) is { Description: null } failed)
                {
                    return CompressionCommand.NotCompiled(opened, failed);
                }

                var report = TrainingSession.Sentences(() =>
                    CompressionCommand.Sentences(() => Quantise(new(terminal, arguments, parsed, opened, cancellation)))
                );
                return new(ExitCodes.Success, report, report.Print);
            }
        );
    }

    private static QuantizeReport Quantise(QuantizeTask task)
    {
        var (terminal, arguments, parsed, opened, cancellation) = task;
        var options = arguments.Options(parsed) with { Compile = opened.Options };
        if (options.Rounding is not null)
        {
            LibTorch.Load(message => terminal.Messages.WriteLine($"# {message}"));
        }

        var (samples, measure) = terminal.During("reading samples", () => ReadData(task));
        var calibrated = terminal.During(
            $"running {samples.Count} samples",
            () => CalibratedModel.Of(opened.File.Source, samples, options, null, cancellation)
        );
        var layers = Bits(task, calibrated, options, samples);
        options = options with { LayerWeightBits = layers.DistinctBy(l => l.Layer).ToDictionary(l => l.Layer, l => l.Bits) };
        var quantised = Quantise(task, calibrated, options);
        var drop = terminal.During("measuring", () => measure.Of(quantised.Model, cancellation));
        var output = parsed.GetRequiredValue(arguments.Output);
        var cost = terminal.During(
            "measuring times",
            () =>
                ModelCost.Pair(
                    opened.File.Source,
                    new ModelSource(output, quantised.Model, _ => null),
                    opened.Options,
                    Timing.Of(parsed, arguments.WithoutTime),
                    cancellation
                )
        );
        var report = QuantizeReport.Of(opened.File, output, quantised, layers, cost, (measure, drop));
        WholeFile.Write(output, quantised.Model);
        return report;
    }

    /// <summary>Samples to calibrate with, and what the quantised model is measured by.</summary>
    private static (IReadOnlyList<IReadOnlyList<NamedTensor>> Samples, ModelDrop Measure) ReadData(QuantizeTask task)
    {
        var (_, arguments, parsed, opened, cancellation) = task;
        var inputs = ValuePorts.Inputs(OnnxModel.Read(opened.File.Source), opened.File.Path, opened.Options);
        var set = arguments.Calibration.Open(parsed, opened.File)!;
        var samples = arguments.Calibration.Learning(parsed, set).Spread(parsed.GetValue(arguments.Samples)).Samples(inputs);
        var measured = arguments.Calibration.Measured(parsed, set);
        var measure = measured.Labels is null
            ? ModelDrop.OfOutputs(opened.File.Bytes, samples)
            : ModelDrop.OfAccuracy(opened.File.Bytes, inputs, measured, cancellation);
        return (samples, measure);
    }

    /// <summary>The bits of each layer's weights: as many as the user says, or as the budget leaves.</summary>
    private static IReadOnlyList<LayerPrecision> Bits(
        QuantizeTask task,
        CalibratedModel calibrated,
        QuantisationOptions options,
        IReadOnlyList<IReadOnlyList<NamedTensor>> samples
    )
    {
        var mayBeNarrow = task.Arguments.MayBeNarrow(task.Parsed, calibrated.Layers);
        if (task.Arguments.Budget(task.Parsed) is not { } budget)
        {
            return [.. calibrated.Layers.Select(l => new LayerPrecision(l, mayBeNarrow(l) ? options.WeightBits : 8, null, null))];
        }

        try
        {
            return task.Terminal.WithProgress(
                "measuring layer by layer",
                progress =>
                {
                    var measure = ModelDrop.OfOutputs(task.Opened.File.Bytes, [.. samples.Take(MeasuredSamples)]);
                    return MixedPrecision.Choose(
                        calibrated,
                        options,
                        budget,
                        task.Opened.Options,
                        measure,
                        mayBeNarrow,
                        progress,
                        task.Cancellation
                    );
                }
            );
        }
        catch (BudgetException e)
        {
            throw new CommandException($"--max-weight-bytes: {e.Message}.", e, ExitCodes.OverBudget);
        }
    }

    private static QuantisedModel Quantise(QuantizeTask task, CalibratedModel calibrated, QuantisationOptions options) =>
        options.Rounding is null
            ? task.Terminal.During("quantising", () => calibrated.Quantise(options, null, task.Cancellation))
            : task.Terminal.WithProgress(
                "learning to round",
                progress =>
                    calibrated.Quantise(
                        options with
                        {
                            Rounding = new Counted(options.Rounding, calibrated.Layers.Count, progress),
                        },
                        null,
                        task.Cancellation
                    )
            );

    /// <summary>A rounding that tells how far it is.</summary>
    private sealed class Counted(IWeightRounding rounding, int layers, Action<double> progress) : IWeightRounding
    {
        private int _done;

        public int Samples => rounding.Samples;

        public sbyte[] Round(RoundingTask task, CancellationToken cancellation)
        {
            var rounded = rounding.Round(task, cancellation);
            progress(++_done / (double)layers);
            return rounded;
        }
    }

    private sealed record QuantizeTask(
        Terminal Terminal,
        QuantizeArguments Arguments,
        ParseResult Parsed,
        ModelCase Opened,
        CancellationToken Cancellation
    );
}
