using System.Diagnostics;

namespace ModelCompiler.Verification;

/// <summary>Times of one call, from one run in which all candidates took turns.</summary>
/// <param name="OursMs">Median of the compiled network.</param>
/// <param name="OnnxRuntimeMs">Median of ONNX Runtime; null where it does not run the model.</param>
/// <param name="PeakGmacPerSecond">Median of the processor's best multiply-accumulate instruction.</param>
/// <param name="Rounds">How many turns each had.</param>
/// <param name="AllocatedBytes">Bytes that 1,000 calls of the compiled network allocate on the heap.</param>
public sealed record BenchmarkResult(double OursMs, double? OnnxRuntimeMs, double PeakGmacPerSecond, int Rounds, long AllocatedBytes);

/// <summary>
/// Measures in turns, so that whatever slows the machine slows all alike: rounds of one sample each, a sample being as many calls
/// as take a millisecond or two.
/// </summary>
public static class Benchmark
{
    private const double SampleMs = 2;
    private const double WarmUpMs = 400;
    private const int MinRounds = 5;

    /// <summary>Runs the benchmark.</summary>
    /// <param name="ours">One call of the compiled network.</param>
    /// <param name="onnxRuntime">One call of ONNX Runtime; null for none.</param>
    /// <param name="peak">What to measure the processor's peak with.</param>
    /// <param name="duration">How long to measure, without the warm-up.</param>
    /// <param name="cancellation">Stops between rounds.</param>
    public static BenchmarkResult Run(
        Action ours,
        Action? onnxRuntime,
        PeakRate peak,
        TimeSpan duration,
        CancellationToken cancellation = default
    )
    {
        var oursCalls = WarmUp(ours);
        var theirCalls = onnxRuntime is null ? 0 : WarmUp(onnxRuntime);
        var peakCalls = WarmUp(() => peak.Run());
        List<double> oursTimes = [];
        List<double> theirTimes = [];
        List<double> peakTimes = [];
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < duration || oursTimes.Count < MinRounds)
        {
            cancellation.ThrowIfCancellationRequested();
            oursTimes.Add(Sample(ours, oursCalls));
            if (onnxRuntime is not null)
            {
                theirTimes.Add(Sample(onnxRuntime, theirCalls));
            }

            peakTimes.Add(Sample(() => peak.Run(), peakCalls));
        }

        return new(
            Median(oursTimes),
            onnxRuntime is null ? null : Median(theirTimes),
            peak.Macs / Median(peakTimes) / 1e6,
            oursTimes.Count,
            Allocated(ours)
        );
    }

    /// <summary>The middle value.</summary>
    public static double Median(IReadOnlyCollection<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>Calls until the JIT has its last word.</summary>
    /// <returns>How many calls make a sample.</returns>
    private static int WarmUp(Action call)
    {
        var watch = Stopwatch.StartNew();
        var calls = 0;
        // Tiered compilation wants 30 calls and, 100 ms later, time in the background.
        while (calls < 40 || watch.Elapsed.TotalMilliseconds < WarmUpMs)
        {
            call();
            calls++;
        }

        var count = 1;
        while (Sample(call, count) * count < SampleMs)
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
