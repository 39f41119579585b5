using ModelCompiler.Verification;

namespace ModelCompiler.Testing;

/// <summary>The targets whose code runs on this machine.</summary>
public static class Targets
{
    /// <summary><c>auto</c> first, then each single one.</summary>
    public static IReadOnlyList<Target> Runnable { get; } =
    [.. Target.All.Where(t => t.InstructionSets.Count > 1 || IsSupported(t.InstructionSets[0]))];

    /// <summary>One target for each width of vectors: for kernels in which nothing else differs.</summary>
    public static IReadOnlyList<Target> OfEachWidth { get; } =
    [.. Runnable.Where(t => t.InstructionSets.Count == 1).GroupBy(t => Width(t.InstructionSets[0])).Select(g => g.Last())];

    private static int Width(InstructionSet set) =>
        set switch
        {
            InstructionSet.Avx512 => 512,
            InstructionSet.Avx2 or InstructionSet.AvxVnni => 256,
            _ => 128,
        };

    /// <summary>Whether this processor has an instruction set.</summary>
    public static bool IsSupported(InstructionSet set) => Processor.Supports(set);
}
