using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering.Kernels.Quantised;

/// <summary>Kernels that widen bytes to floats come in two widths: 256 bits with AVX2's conversions, and portable 128 bits.</summary>
internal static class ByteVariants
{
    public static EquatableArray<InstructionSet> Of(Target target) =>
        target.InstructionSets.Select(s => IsWide(s) ? InstructionSet.Avx2 : InstructionSet.Portable).Distinct().ToArray();

    /// <summary>The same, with Arm's 128 bits apart from portable ones, where a fused product may be missing and is then very slow.</summary>
    public static EquatableArray<InstructionSet> WithFusedProducts(Target target) =>
        target
            .InstructionSets.Select(s =>
                IsWide(s) ? InstructionSet.Avx2
                : s is InstructionSet.ArmDotProduct or InstructionSet.AdvSimd ? InstructionSet.AdvSimd
                : InstructionSet.Portable
            )
            .Distinct()
            .ToArray();

    public static bool IsWide(InstructionSet set) => set is InstructionSet.Avx512 or InstructionSet.AvxVnni or InstructionSet.Avx2;
}
