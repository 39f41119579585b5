using System.CommandLine;
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
                var options = model.FixedOptions(parsed);
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
        var peak = PeakRate.For(opened.File);
        var result = Benchmark.AgainstOnnxRuntime(opened, network, peak, duration, cancellation);
        return BenchReport.Of(opened, program, result, peak, layers ? LayersOf(opened, duration) : null, DiagnosticReport.Of(problems));
    }

    /// <summary>Median milliseconds of each layer, from a class that is compiled a second time with hooks.</summary>
    internal static IReadOnlyList<double> LayersOf(ModelCase opened, TimeSpan duration)
    {
        var options = opened.Options with { Explain = true };
        using var network = CompiledNetwork.Load(ModelCase.Compile(opened.File.Source, options), options);
        var layers = ModelCompilation.Plan(opened.File.Source, options).Description!.Layers.Count;
        return LayerTimes.Measure(network, layers, Benchmark.Call(network, opened.InputsFor(network)), duration / 2);
    }
}
