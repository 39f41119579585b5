using System.CommandLine;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Compression;
using ModelCompiler.Compression.Calibration;
using ModelCompiler.Compression.Data;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Compression.Quantisation;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Commands;

/// <summary><c>modelc quantize</c>: a float model becomes an integer one.</summary>
internal static class QuantizeCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "The float model, an ONNX file." };
        var output = new Option<string>("--output", "-o") { Description = "Where the quantised model goes.", Required = true };
        var calibration = new DataOptions("--calibration", "Samples that decide the ranges", required: true);
        var samples = new Option<int>("--samples") { Description = "Most samples to calibrate with.", DefaultValueFactory = _ => 500 };
        var signed = new Option<bool>("--signed") { Description = "Activations as signed integers instead of unsigned ones." };
        var ranges = new Option<RangeRule>("--ranges")
        {
            Description =
                "Range of an activation: minmax (of all samples), average (of the samples' own ranges), or minmax cut at a percentile, where the distribution changes least (entropy) or where the error is least (mse).",
            DefaultValueFactory = _ => RangeRule.MinMax,
        };
        var percentile = new Option<double>("--percentile")
        {
            Description = "With --ranges percentile: percent of the magnitudes that are not cut.",
            DefaultValueFactory = _ => 99.99,
        };
        percentile.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (> 0 and <= 100))
            {
                result.AddError("--percentile takes a number above 0, at most 100.");
            }
        });
        var weightBits = Bits("--weight-bits", "Bits of a weight: 8, or 4, which stay so in the binary.", "8", "4");
        var activationBits = Bits("--activation-bits", "Bits of an activation: 8, or 16 where 8 cost too much accuracy.", "8", "16");
        var correctBias = new Option<bool>("--correct-bias")
        {
            Description = "Have biases make up for the mean error of quantised weights over the samples.",
        };
        var rule = new Option<QuantisationRule>("--rule")
        {
            Description =
                "How numbers become integers: nearest, or truncate: powers of two for scales, and bits of weights cut off, a plain baseline.",
            DefaultValueFactory = _ => QuantisationRule.Nearest,
        };
        var command = new Command(
            "quantize",
            "Quantise a float model: weights for each output channel, activations by the ranges seen on samples. With labelled items, accuracy before and after is measured."
        )
        {
            file,
            output,
            samples,
            signed,
            ranges,
            percentile,
            weightBits,
            activationBits,
            correctBias,
            rule,
        };
        calibration.AddTo(command, split: true);
        return command.WithBody(
            terminal,
            (parsed, cancellation) =>
            {
                var model = Reading(() => OnnxFile.Read(parsed.GetRequiredValue(file)));
                var inputs = Reading(() => OnnxModel.Read(model.Source).Inputs);
                var data = Reading(() => calibration.Open(parsed, model)!);
                var quantised = Reading(() =>
                {
                    var inputSamples = calibration.Learning(parsed, data).Spread(parsed.GetValue(samples)).Samples(inputs);
                    var options = new QuantisationOptions
                    {
                        SignedActivations = parsed.GetValue(signed),
                        Ranges = parsed.GetValue(ranges),
                        Percentile = parsed.GetValue(percentile),
                        WeightBits = parsed.GetValue(weightBits),
                        ActivationBits = parsed.GetValue(activationBits),
                        CorrectBias = parsed.GetValue(correctBias),
                        Rule = parsed.GetValue(rule),
                    };
                    return terminal.During(
                        $"running {inputSamples.Count} samples",
                        () => PostTrainingQuantisation.Run(model.Source, inputSamples, options, null, cancellation)
                    );
                });
                var accuracy = terminal.During(
                    "measuring accuracy",
                    () => Reading(() => Accuracy(model.Bytes, quantised.Model, inputs, calibration.Measured(parsed, data), cancellation))
                );
                WholeFile.Write(parsed.GetRequiredValue(output), quantised.Model);
                var report = QuantizeReport.Of(model, parsed.GetRequiredValue(output), quantised, accuracy);
                return new(ExitCodes.Success, report, report.Print);
            }
        );
    }

    /// <summary>Accuracy before and after; null where the items have no classes.</summary>
    private static QuantizeAccuracy? Accuracy(
        byte[] before,
        byte[] after,
        IReadOnlyList<ModelPort> inputs,
        DataItems items,
        CancellationToken cancellation
    )
    {
        return items.Labels is null ? null : new(items.Count, Right(before), Right(after));

        int Right(byte[] model) => ClassificationAccuracy.Right(model, inputs, items, cancellation);
    }

    private static Option<int> Bits(string name, string description, string usual, string other)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => 8 };
        option.AcceptOnlyFromAmong(usual, other);
        return option;
    }

    /// <summary>Passes on what is wrong with model or data as a sentence.</summary>
    private static T Reading<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (CompressionException e)
        {
            throw new CommandException(e.Message, e);
        }
    }
}
