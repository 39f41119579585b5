using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>In which form the weights of a layer are packed.</summary>
/// <param name="Block">Output channels side by side.</param>
/// <param name="QuadMultiple">The quads of a segment are filled up to a multiple of this.</param>
internal sealed record Int8WeightForm(int Block, int QuadMultiple)
{
    /// <summary>Width of the vectors for which the weights are widened to 16 bits; 0 where they are not.</summary>
    public int WidenedBits { get; init; }

    /// <summary>The quads that are packed; null for all.</summary>
    public QuadPattern? Pattern { get; init; }

    /// <summary>The values that the weights are indices of; null where they are packed as they are.</summary>
    public CodeBook? Book { get; init; }

    /// <summary>
    /// The form that is expected to be fastest; indices of a code book, which halve the bytes, wherever 16 values are enough.
    /// <para>
    /// Where no instruction multiplies bytes without saturation and a tile has several pixels, widening weights in the loop would cost
    /// as much as their products: a target of one such instruction set has them widened.
    /// </para>
    /// </summary>
    public static Int8WeightForm Choose(Int8Source source, int quadMultiple, int pixels, Target target)
    {
        var outputs = source.Outputs / source.Groups;
        var book = CodeBook.Of(source.Weights);
        var dense = new Int8WeightForm(
            book is null ? Int8TileShape.ChooseBlock(outputs) : CodedBlock(outputs, pixels),
            book is null ? quadMultiple : 1
        )
        {
            Book = book,
        };
        var form = SparseCost.Choose(source, dense.Block) is { } sparse
            ? dense with
            {
                Block = sparse.Block,
                Pattern = sparse.Pattern,
            }
            : dense;
        var sets = target.InstructionSets;
        var widens = form.Book is null && pixels > 1 && sets.Count == 1 && sets[0] is InstructionSet.Avx2 or InstructionSet.Avx512;
        return widens ? form with { WidenedBits = Int8TileShape.BitsOf(sets[0], form.Block) } : form;
    }

    /// <summary>
    /// Where weights are decoded once for each pixel, a wide block spares loads of the input, which are as many for each block. Where
    /// tiles have several pixels, a narrow block leaves registers for more of them, and decodes less often.
    /// </summary>
    private static int CodedBlock(int outputs, int pixels) =>
        outputs <= 8 ? 8
        : pixels == 1 && Int8TileShape.ChooseBlock(outputs) == 32 ? 32
        : 16;
}
