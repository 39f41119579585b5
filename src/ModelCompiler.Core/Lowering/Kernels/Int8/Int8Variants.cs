using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>The order in which integer kernels prefer instruction sets, and what each of them wants to read.</summary>
internal static class Int8Variants
{
    /// <summary>
    /// The target's instruction sets for kernels that live on dot products of four bytes. AVX-VNNI does in one instruction what
    /// others need four for, and 512-bit code without VNNI is hardly faster than AVX2: where both could be written, it is left out,
    /// for the sake of the text that the C# compiler has to read.
    /// </summary>
    public static EquatableArray<InstructionSet> DotProducts(Target target)
    {
        var sets = target.InstructionSets;
        return (InstructionSet[])
            [
                .. sets.Where(set => set != InstructionSet.Avx512 || !sets.Contains(InstructionSet.Avx2))
                    .OrderBy(set => set == InstructionSet.AvxVnni ? 0 : 1),
            ];
    }

    /// <summary>Whether a variant multiplies signed inputs (Arm's sdot) and not unsigned ones (x86's vpdpbusd).</summary>
    public static bool ReadsSigned(InstructionSet set) => set is InstructionSet.ArmDotProduct or InstructionSet.AdvSimd;

    /// <summary>Whether a variant has to turn over the sign bits of inputs of a type, because it multiplies those of the other.</summary>
    public static bool FlipsSign(ElementType input, InstructionSet set) => (input == ElementType.Int8) != ReadsSigned(set);
}

/// <summary>Windows as kernels for images see them.</summary>
internal static class Windows
{
    /// <summary>The same window with a dimension of size 1 in front where it has only one.</summary>
    public static Graphs.Operators.Window Over2Dimensions(this Graphs.Operators.Window window) =>
        window.Rank == 2
            ? window
            : new(
                (int[])[1, .. window.Kernel],
                (int[])[1, .. window.Strides],
                (int[])[1, .. window.Dilations],
                (int[])[0, .. window.PadsBegin],
                (int[])[0, .. window.PadsEnd]
            );
}
