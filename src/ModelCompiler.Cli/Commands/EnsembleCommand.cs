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
        var data = new Option<string?>("--data")
        {
            Description = "A folder with the test images and labels of an MNIST-like data set, to measure accuracy on.",
        };
        var pixels = ImageOptions.Pixels();
        var command = new Command("ensemble", "Make one model of several that take and give the same.")
        {
            files,
            output,
            rule,
            weights,
            data,
            pixels,
        };
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
                    var measured = terminal.During(
                        "measuring",
                        () =>
                            cases
                                .Select(c => (c.File.Path, c.File.Source))
                                .Append((Path: path, Source: new ModelSource(path, ensemble, _ => null)))
                                .Select(m => new EnsembleMember(m.Path, Cost(m.Source)))
                                .ToList()
                    );
                    WholeFile.Write(path, ensemble);
                    var report = new EnsembleReport(path, measured[..^1], measured[^1].Cost);
                    return new(ExitCodes.Success, report, report.Print);
                }
                catch (CompressionException e)
                {
                    throw new CommandException(e.Message, e);
                }

                ModelCost Cost(ModelSource source) =>
                    ModelCost.Of(
                        source,
                        cases[0].Options,
                        parsed.GetValue(data) is { } folder
                            ? Accuracy(source, ImageSet.ReadTest(folder), parsed.GetValue(pixels), cases[0].Options, cancellation)
                            : null
                    );
            }
        );
    }

    private static double Accuracy(
        ModelSource source,
        ImageSet images,
        PixelRange range,
        CompileOptions options,
        CancellationToken cancellation
    )
    {
        var model = OnnxModel.Read(source);
        var input = ImageInput.Of(ValuePorts.Inputs(model, source.Path, options), range);
        return (double)ModelDrop.OfAccuracy(source.Bytes, input, images, cancellation).Right / images.Count;
    }
}
