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
        var dense = Whole(source, quadMultiple, pixels, CodeBook.Of(source.Weights));
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

    /// <summary>The form with the fewest bytes, the tables that it needs among them. Weights are never widened.</summary>
    public static (Int8WeightForm Form, long Bytes) Smallest(Int8Source source, int quadMultiple, int pixels)
    {
        int[] blocks = source.Outputs / source.Groups <= 8 ? [8] : [16, 8];
        var patterns = blocks.ToDictionary(block => block, block => QuadPattern.Of(source, block));
        var forms =
            from book in new[] { CodeBook.Of(source.Weights), null }.Distinct()
            let whole = Whole(source, quadMultiple, pixels, book)
            from form in patterns
                .Select(p => whole with { Block = p.Key, Pattern = p.Value, QuadMultiple = book is null ? quadMultiple : 1 })
                .Prepend(whole)
            let bytes = form.BytesOf(source)
            orderby bytes
            select (form, bytes);
        return forms.First();
    }

    /// <summary>All quads, as bytes or as indices of a code book.</summary>
    public static Int8WeightForm Whole(Int8Source source, int quadMultiple, int pixels, CodeBook? book)
    {
        var outputs = source.Outputs / source.Groups;
        return book is null ? new(Int8TileShape.ChooseBlock(outputs), quadMultiple) : new(CodedBlock(outputs, pixels), 1) { Book = book };
    }

    /// <summary>Bytes of the weights, and of the tables that say which values and quads they are.</summary>
    private long BytesOf(Int8Source source)
    {
        var outputs = source.Outputs / source.Groups;
        var blocks = (long)source.Groups * ((outputs + Block - 1) / Block);
        var quads = Pattern?.Quads.Length ?? blocks * source.Segments * Int8Packing.QuadsOf(source, this);
        var weights = quads * Block * 4 / (Book is null ? 1 : 2);
        var book = Book is null ? 0 : CodeBook.Entries;
        var tables = Pattern is null ? 0 : (quads * sizeof(ushort)) + ((blocks + 1) * sizeof(int));
        return weights + book + tables;
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
