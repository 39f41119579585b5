using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering;

/// <summary>Variants of kernels that use the cross-platform vectors of the base class library and differ in their width alone.</summary>
internal static class VectorVariants
{
    /// <summary>One instruction set for each vector width of the target that rows of this length can fill, widest first.</summary>
    public static EquatableArray<InstructionSet> Of(Target target, int elements, ElementType element) =>
        // Of those of one width the last needs the least of the processor.
        target
            .InstructionSets.GroupBy(set => BitsFor(set, elements, element))
            .OrderByDescending(group => group.Key)
            .Select(group => group.Last())
            .ToArray();

    /// <summary>Width of the vectors of an instruction set.</summary>
    public static int Bits(InstructionSet set) =>
        set switch
        {
            InstructionSet.Avx512 => 512,
            InstructionSet.AvxVnni or InstructionSet.Avx2 => 256,
            _ => 128,
        };

    /// <summary>The widest vector, up to the variant's own, of which a row of <paramref name="elements"/> fills at least one.</summary>
    public static int BitsFor(InstructionSet set, int elements, ElementType element)
    {
        var bits = Bits(set);
        while (bits > 128 && elements * element.SizeInBytes() * 8 < bits)
        {
            bits /= 2;
        }

        return bits;
    }
}
