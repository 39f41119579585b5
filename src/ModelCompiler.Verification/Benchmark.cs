using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;

namespace ModelCompiler.Verification;

/// <summary>Times of one call, from one run in which all candidates took turns.</summary>
/// <param name="OursMs">Median of the compiled network.</param>
/// <param name="OnnxRuntimeMs">Median of ONNX Runtime; null where it does not run the model.</param>
/// <param name="PeakGmacPerSecond">Median of the processor's best multiply-accumulate instruction.</param>
/// <param name="Rounds">How many turns each had.</param>
/// <param name="AllocatedBytes">Bytes that 1,000 calls of the compiled network allocate on the heap.</param>
public sealed record BenchmarkResult(double OursMs, double? OnnxRuntimeMs, double PeakGmacPerSecond, int Rounds, long AllocatedBytes);

/// <summary>Times of several candidates that took turns.</summary>
/// <param name="MedianMs">Median milliseconds of one call, in the order of the candidates.</param>
/// <param name="Rounds">How many turns each had.</param>
public sealed record Turns(IReadOnlyList<double> MedianMs, int Rounds);

/// <summary>
/// Measures in turns, so that whatever slows the machine slows all alike: rounds of one sample each, a sample being as many calls
/// as take a millisecond or two. A sample in which the system took the processor away is taken again.
/// </summary>
public static class Benchmark
{
    private const double SampleMs = 2;
    private const double WarmUpMs = 400;
    private const int MinRounds = 5;

    /// <summary>Measures a compiled network against ONNX Runtime on the inputs that belong to the model.</summary>
    /// <param name="opened">The model.</param>
    /// <param name="network">What it has been compiled to.</param>
    /// <param name="peak">What to measure the processor's peak with.</param>
    /// <param name="duration">How long to measure, without the warm-up.</param>
    /// <param name="cancellation">Stops between rounds.</param>
    public static BenchmarkResult AgainstOnnxRuntime(
        ModelCase opened,
        CompiledNetwork network,
        PeakRate peak,
        TimeSpan duration,
        CancellationToken cancellation = default
    )
    {
        var inputs = opened.InputsFor(network);
        var ours = Call(network, inputs);
        try
        {
            using var oracle = new OnnxRuntimeOracle(opened.File.Bytes, folder: opened.File.Folder);
            using var bound = oracle.Bind([.. inputs, .. opened.File.FixedInputs(opened.Options.Dimensions)], network.Outputs);
            return Run(ours, bound.Run, peak, duration, cancellation);
        }
        catch (OnnxRuntimeException)
        {
            // The result has no time for it then, which says the same.
            return Run(ours, null, peak, duration, cancellation);
        }
    }

    /// <summary>One call of a network, on arrays that stay where they are.</summary>
    public static Action Call(CompiledNetwork network, IReadOnlyList<NamedTensor> inputs)
    {
        Array[] given = [.. inputs.Select(i => i.Elements)];
        Array[] outputs = [.. network.Outputs.Select(o => Elements.Allocate(o.Type))];
        return () => network.Run(given, outputs);
    }

    /// <summary>Lets candidates take turns.</summary>
    /// <param name="candidates">What to measure: each makes as many calls as it is told and returns the milliseconds of one.</param>
    /// <param name="duration">How long to measure, without the warm-up.</param>
    /// <param name="cancellation">Stops between rounds.</param>
    public static Turns InTurns(IReadOnlyList<Func<int, double>> candidates, TimeSpan duration, CancellationToken cancellation = default)
    {
        var calls = candidates.Select(WarmUp).ToArray();
        var times = candidates.Select(_ => new List<double>()).ToArray();
        var watch = Stopwatch.StartNew();
        var rounds = 0;
        for (; watch.Elapsed < duration || rounds < MinRounds; rounds++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var i = 0; i < candidates.Count; i++)
            {
                times[i].Add(candidates[i](calls[i]));
            }
        }

        return new([.. times.Select(Median)], rounds);
    }

    /// <summary>A candidate of this process.</summary>
    public static Func<int, double> Timed(Action call) =>
        calls => Scheduling.Undisturbed(() => Scheduling.Observe(() => Sample(call, calls)));

    /// <summary>The middle value.</summary>
    public static double Median(IReadOnlyCollection<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>The mean of ratios: swapping numerators and denominators gives its reciprocal.</summary>
    public static double GeometricMean(IReadOnlyCollection<double> values) => Math.Exp(values.Average(v => Math.Log(v)));

    private static BenchmarkResult Run(Action ours, Action? onnxRuntime, PeakRate peak, TimeSpan duration, CancellationToken cancellation)
    {
        Func<int, double>[] candidates = onnxRuntime is null
            ? [Timed(ours), Timed(() => peak.Run())]
            : [Timed(ours), Timed(onnxRuntime), Timed(() => peak.Run())];
        var turns = InTurns(candidates, duration, cancellation);
        return new(
            turns.MedianMs[0],
            onnxRuntime is null ? null : turns.MedianMs[1],
            peak.Macs / turns.MedianMs[^1] / 1e6,
            turns.Rounds,
            Allocated(ours)
        );
    }

    /// <summary>Calls until the JIT has its last word.</summary>
    /// <returns>How many calls make a sample.</returns>
    private static int WarmUp(Func<int, double> candidate)
    {
        var watch = Stopwatch.StartNew();
        var calls = 0;
        // Tiered compilation wants 30 calls and, 100 ms later, time in the background.
        while (calls < 40 || watch.Elapsed.TotalMilliseconds < WarmUpMs)
        {
            candidate(1);
            calls++;
        }

        var count = 1;
        while (candidate(count) * count < SampleMs)
        {
            count *= 2;
        }

        return count;
    }

    /// <summary>Milliseconds a call, over several calls.</summary>
    private static double Sample(Action call, int calls)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < calls; i++)
        {
            call();
        }

        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / calls;
    }

    private static long Allocated(Action call)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            call();
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
