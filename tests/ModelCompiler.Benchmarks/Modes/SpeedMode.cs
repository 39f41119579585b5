using Microsoft.ML.OnnxRuntime;
using ModelCompiler.Benchmarks.Results;
using ModelCompiler.Verification;

namespace ModelCompiler.Benchmarks.Modes;

/// <summary>Compiled models against ONNX Runtime, in this process.</summary>
internal static class SpeedMode
{
    public static SpeedRow Measure(BenchmarkModel model, Target target, TimeSpan duration, CancellationToken cancellation)
    {
        var opened = model.Open(target);
        using var network = model.Load(opened);
        var program = opened.Lower().Program!;
        var compiled = opened.Compile();
        var peak = PeakRate.For(opened.File);
        var result = Benchmark.AgainstOnnxRuntime(opened, network, peak, duration, cancellation);
        return new SpeedRow(
            model.Set,
            model.Name,
            target.Name,
            result.OursMs,
            result.OnnxRuntimeMs,
            program.Steps.Sum(s => s.Macs),
            peak.Instruction,
            result.PeakGmacPerSecond,
            program.ArenaBytes,
            program.LeastArenaBytes,
            program.Weights.Length,
            compiled.Surface.Length + compiled.Implementation.Length,
            result.Rounds,
            Operators(opened.File)
        );
    }

    private static IReadOnlyList<OperatorCount> Operators(OnnxFile file)
    {
        try
        {
            return [.. OnnxRuntimeOracle.OptimisedOperators(file.Bytes, file.Folder).Select(o => new OperatorCount(o.Key, o.Value))];
        }
        catch (OnnxRuntimeException)
        {
            // The row has no time for ONNX Runtime then, which says the same.
            return [];
        }
    }
}
