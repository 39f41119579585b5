using ModelCompiler.Verification;

namespace ModelCompiler.Testing;

/// <summary>The targets whose code runs on this machine.</summary>
public static class Targets
{
    /// <summary><c>auto</c> first, then each single one.</summary>
    public static IReadOnlyList<Target> Runnable { get; } =
    [.. Target.All.Where(t => t.InstructionSets.Count > 1 || IsSupported(t.InstructionSets[0]))];

    /// <summary>Whether this processor has an instruction set.</summary>
    public static bool IsSupported(InstructionSet set) => Processor.Supports(set);
}
