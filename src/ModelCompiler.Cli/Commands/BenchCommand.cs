using System.CommandLine;
using Microsoft.ML.OnnxRuntime;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Commands;

/// <summary><c>modelc bench</c>: how fast is the compiled model, beside ONNX Runtime?</summary>
internal static class BenchCommand
{
    public static Command Create(Terminal terminal)
    {
        var model = new ModelArguments();
        var seconds = new Option<double>("--seconds")
        {
            Description = "How long to measure.",
            DefaultValueFactory = _ => 3,
            HelpName = "N",
        };
        var layers = new Option<bool>("--layers") { Description = "Also measure each layer." };
        var command = new Command(
            "bench",
            "Measure a model against ONNX Runtime: one thread each, in this process, taking turns. The ratio is onnxruntime/ours: above 1 the compiled model is faster."
        )
        {
            seconds,
            layers,
        };
        model.AddTo(command);
        return command.WithBody(
            terminal,
            (parsed, cancellation) =>
            {
                var options = model.CompileOptions(parsed);
                ModelArguments.RequireRunnable(options.Target);
                var opened = ModelCase.Open(parsed.GetRequiredValue(model.File), options);
                var duration = TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(seconds), 0.01, 3600));
                var report = terminal.During("measuring", () => Measure(opened, duration, parsed.GetValue(layers), cancellation));
                return new(report.Status == "measured" ? ExitCodes.Success : ExitCodes.CannotCompile, report, report.Print);
            }
        );
    }

    private static BenchReport Measure(ModelCase opened, TimeSpan duration, bool layers, CancellationToken cancellation)
    {
        var (program, problems) = opened.Lower();
        var compiled = program is null ? null : opened.Compile();
        if (program is null || compiled is not { Succeeded: true })
        {
            return BenchReport.NotCompiled(opened, compiled?.Problems ?? problems);
        }

        using var network = CompiledNetwork.Load(compiled, opened.Options);
        var inputs = opened.InputsFor(network);
        Array[] given = [.. inputs.Select(i => i.Elements)];
        Array[] outputs = [.. network.Outputs.Select(o => Elements.Allocate(o.Type))];
        var peak = opened.File.Proto!.Graph.Node.Any(QuantisedOutput.IsQuantised) ? PeakRate.Integer : PeakRate.Float;
        var result = AgainstOnnxRuntime(opened, inputs, network, () => network.Run(given, outputs), peak, duration, cancellation);
        return BenchReport.Of(
            opened,
            program,
            result,
            peak,
            layers ? LayersOf(opened, given, outputs, duration) : null,
            DiagnosticReport.Of(problems)
        );
    }

    private static BenchmarkResult AgainstOnnxRuntime(
        ModelCase opened,
        IReadOnlyList<NamedTensor> inputs,
        CompiledNetwork network,
        Action ours,
        PeakRate peak,
        TimeSpan duration,
        CancellationToken cancellation
    )
    {
        try
        {
            using var oracle = new OnnxRuntimeOracle(opened.File.Bytes, folder: opened.File.Folder);
            using var bound = oracle.Bind(inputs, network.Outputs);
            return Benchmark.Run(ours, bound.Run, peak, duration, cancellation);
        }
        catch (OnnxRuntimeException)
        {
            // The report has no time for it then, which says the same.
            return Benchmark.Run(ours, null, peak, duration, cancellation);
        }
    }

    private static IReadOnlyList<double> LayersOf(ModelCase opened, Array[] inputs, Array[] outputs, TimeSpan duration)
    {
        var options = opened.Options with { Explain = true };
        using var network = CompiledNetwork.Load(ModelCase.Compile(opened.File.Source, options), options);
        var layers = ModelCompilation.Plan(opened.File.Source, options).Description!.Layers.Count;
        return LayerTimes.Measure(network, layers, () => network.Run(inputs, outputs), duration / 2);
    }
}
