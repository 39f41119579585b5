using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering.Kernels.Quantised;

/// <summary>Kernels that widen bytes to floats come in two widths: 256 bits with AVX2's conversions, and portable 128 bits.</summary>
internal static class ByteVariants
{
    public static EquatableArray<InstructionSet> Of(Target target) =>
        target.InstructionSets.Select(s => IsWide(s) ? InstructionSet.Avx2 : InstructionSet.Portable).Distinct().ToArray();

    public static bool IsWide(InstructionSet set) => set is InstructionSet.Avx512 or InstructionSet.AvxVnni or InstructionSet.Avx2;
}
