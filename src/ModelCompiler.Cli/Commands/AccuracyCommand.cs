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
        var data = new Option<string>("--data")
        {
            Description = "A folder with the test images and labels of an MNIST-like data set.",
            Required = true,
        };
        var pixels = ImageOptions.Pixels();
        var command = new Command(
            "accuracy",
            "Count how many test images a classifier gets right, by ONNX Runtime and by the compiled code. Exits with 1 where they predict different classes."
        )
        {
            data,
            pixels,
        };
        model.AddTo(command);
        return command.WithBody(
            terminal,
            (parsed, cancellation) =>
            {
                var options = model.FixedOptions(parsed);
                ModelArguments.RequireRunnable(options.Target);
                var opened = ModelCase.Open(parsed.GetRequiredValue(model.File), options);
                var images = ImageSet.ReadTest(parsed.GetRequiredValue(data));
                var compiled = terminal.During("compiling", opened.Compile);
                var report = compiled.Succeeded
                    ? terminal.During("classifying", () => Measure(opened, compiled, images, parsed.GetValue(pixels), cancellation))
                    : AccuracyReport.NotCompiled(opened, compiled.Problems);
                return new(report.ExitCode, report, report.Print);
            }
        );
    }

    private static AccuracyReport Measure(
        ModelCase opened,
        CompiledModel compiled,
        ImageSet images,
        PixelRange pixels,
        CancellationToken cancellation
    )
    {
        var input = ImageInput.Of(compiled.Inputs, pixels);
        using var network = CompiledNetwork.Load(compiled, opened.Options);
        using var oracle = new OnnxRuntimeOracle(opened.File.Bytes, signedQuantisedOperators: true);
        var ours = ClassificationAccuracy.Predict(i => network.Run([.. i.Select(t => t.Elements)]), input, images, cancellation);
        var theirs = ClassificationAccuracy.Predict(i => oracle.Run(i), input, images, cancellation);
        return new AccuracyReport(
            opened.File.Path,
            "measured",
            opened.Options.Target.Name,
            images.Count,
            ClassificationAccuracy.Right(ours, images),
            ClassificationAccuracy.Right(theirs, images),
            ours.Zip(theirs).Count(p => p.First != p.Second),
            DiagnosticReport.Of(compiled.Problems)
        );
    }
}
