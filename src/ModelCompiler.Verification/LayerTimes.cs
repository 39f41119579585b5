using System.Diagnostics;

namespace ModelCompiler.Verification;

/// <summary>Times the layers of a network that was compiled with hooks.</summary>
public static class LayerTimes
{
    private const int MinRuns = 20;

    /// <summary>Median milliseconds of each layer.</summary>
    /// <param name="network">A network compiled with <see cref="CompileOptions.Explain"/>.</param>
    /// <param name="layers">How many layers it has.</param>
    /// <param name="run">One call of the network.</param>
    /// <param name="duration">How long to measure.</param>
    public static IReadOnlyList<double> Measure(CompiledNetwork network, int layers, Action run, TimeSpan duration)
    {
        var ends = new long[layers];
        network.ObserveLayers(layer => ends[layer] = Stopwatch.GetTimestamp());
        var times = Enumerable.Range(0, layers).Select(_ => new List<double>()).ToArray();
        var overhead = Overhead();
        var watch = Stopwatch.StartNew();
        // The first half of the time is warm-up: only from then on is everything compiled as it will stay.
        while (watch.Elapsed < duration * 2 || times.FirstOrDefault()?.Count < MinRuns)
        {
            var last = Stopwatch.GetTimestamp();
            run();
            for (var i = 0; i < layers && watch.Elapsed > duration; i++)
            {
                times[i].Add(Math.Max(0, Stopwatch.GetElapsedTime(last, ends[i]).TotalMilliseconds - overhead));
                last = ends[i];
            }
        }

        network.ObserveLayers(null);
        return [.. times.Select(t => Benchmark.Median(t))];
    }

    /// <summary>What looking at the clock costs.</summary>
    private static double Overhead()
    {
        var times = new List<double>();
        for (var i = 0; i < 1000; i++)
        {
            var start = Stopwatch.GetTimestamp();
            times.Add(Stopwatch.GetElapsedTime(start, Stopwatch.GetTimestamp()).TotalMilliseconds);
        }

        return Benchmark.Median(times);
    }
}
