using ModelCompiler.Benchmarks.Results;
using ModelCompiler.Verification;

namespace ModelCompiler.Benchmarks.Modes;

/// <summary>Several threads for large layers against one.</summary>
internal static class ThreadsMode
{
    /// <summary>What two processors can have at once; more threads than processors say nothing.</summary>
    private const int Threads = 2;

    /// <exception cref="PlatformNotSupportedException">The machine has one processor.</exception>
    public static void RequireProcessors()
    {
        if (Environment.ProcessorCount < Threads)
        {
            throw new PlatformNotSupportedException($"{Threads} processors are needed; there is {Environment.ProcessorCount}.");
        }
    }

    public static ThreadsRow Measure(BenchmarkModel model, Target target, TimeSpan duration, CancellationToken cancellation)
    {
        var opened = model.Open(target);
        using var one = model.Load(opened);
        using var several = model.Load(model.Open(target, Threads));
        var inputs = opened.InputsFor(one);
        var turns = Benchmark.InTurns(
            [Benchmark.Timed(Benchmark.Call(one, inputs)), Benchmark.Timed(Benchmark.Call(several, inputs))],
            duration,
            cancellation
        );
        return new ThreadsRow(model.Name, target.Name, turns.MedianMs[0], Threads, turns.MedianMs[1], turns.Rounds);
    }
}
