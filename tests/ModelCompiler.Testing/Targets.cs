using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace ModelCompiler.Testing;

/// <summary>The targets whose code runs on this machine.</summary>
public static class Targets
{
    /// <summary><c>auto</c> first, then each single one.</summary>
    public static IReadOnlyList<Target> Runnable { get; } =
    [.. Target.All.Where(t => t.InstructionSets.Count > 1 || IsSupported(t.InstructionSets[0]))];

    /// <summary>Whether this processor has an instruction set.</summary>
    public static bool IsSupported(InstructionSet set) =>
        set switch
        {
            InstructionSet.Avx512 => Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx512F.VL.IsSupported,
            InstructionSet.AvxVnni => AvxVnni.IsSupported,
            InstructionSet.Avx2 => Avx2.IsSupported && Fma.IsSupported,
            InstructionSet.Sse41 => Sse41.IsSupported,
            InstructionSet.ArmDotProduct => Dp.IsSupported,
            InstructionSet.AdvSimd => AdvSimd.Arm64.IsSupported,
            _ => true,
        };
}
