using ModelCompiler.Benchmarks.Results;
using ModelCompiler.Verification;

namespace ModelCompiler.Benchmarks.Modes;

/// <summary>Code for a lesser target against the best one that this machine has.</summary>
internal static class TargetsMode
{
    /// <summary>The one whose dot product the int8 kernels are meant for; without it whatever the machine has.</summary>
    public static Target Best { get; } =
        Target.All.First(t => t.InstructionSets[0] == InstructionSet.AvxVnni) is var dot && Processor.Supports(dot) ? dot : Target.Auto;

    public static TargetRow Measure(BenchmarkModel model, Target target, TimeSpan duration, CancellationToken cancellation)
    {
        using var lesser = model.Load(model.Open(target));
        var opened = model.Open(Best);
        using var best = model.Load(opened);
        var inputs = opened.InputsFor(best);
        var turns = Benchmark.InTurns(
            [Benchmark.Timed(Benchmark.Call(lesser, inputs)), Benchmark.Timed(Benchmark.Call(best, inputs))],
            duration,
            cancellation
        );
        return new TargetRow(model.Name, target.Name, turns.MedianMs[0], Best.Name, turns.MedianMs[1], turns.Rounds);
    }
}
