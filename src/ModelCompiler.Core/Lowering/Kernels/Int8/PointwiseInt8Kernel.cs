using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Chains;
using ModelCompiler.Lowering.Kernels.Int8.Streams;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>Integer convolution of one tap, or product with a constant matrix: rows of contiguous bytes times packed weights.</summary>
/// <param name="Rows">Pixels, or rows of the matrix.</param>
/// <param name="Depth">Input channels of all groups: bytes from one row to the next.</param>
/// <param name="Packed">Weights, bias and requantisation.</param>
/// <param name="Sets">Variants.</param>
internal sealed record PointwiseInt8Kernel(int Rows, int Depth, PackedInt8 Packed, EquatableArray<InstructionSet> Sets) : Kernel, IRowKernel
{
    public override EquatableArray<InstructionSet> Variants => Sets;

    public override RowSplit Split => new(Rows, Sets.Max(set => Tile(set).Pixels), Packed.Outputs * Packed.Groups, Depth);

    public int UnitsOfRow(Plane output) => output.Width;

    public RowWindow RowsUnder => RowWindow.Same;

    public bool ReadsRing => true;

    // Enough pixels that a call costs little beside them.
    public int RowsOfCall(Plane output) => (24 + output.Width - 1) / output.Width;

    // Tiles that fit into one row fit into any number of them.
    public (Kernel Kernel, int ScratchBytes) ForRows(Plane output, int rows, int ring) => (this with { Rows = output.Width }, 0);

    public override string Describe() =>
        $"{(Rows == 1 ? "matrix × vector" : "pointwise")} int8, {Rows} × {Depth} → {Packed.Outputs * Packed.Groups}"
        + $"{(Packed.Groups > 1 ? $" in {Packed.Groups} groups" : "")}, tiles of {Tile(Sets[0]).Pixels} × {Packed.Block}";

    public override string? Packing => Packed.Form;

    public Int8TileShape Tile(InstructionSet set) => Int8TileShape.Choose(set, Packed, Rows);

    /// <summary>
    /// Whether the last tiles of a variant have a pixel less each, so that together they end with the last row. Otherwise the last tile
    /// reaches back over rows that are done, which costs less text; that counts where the variant is slow or the rows are many.
    /// </summary>
    /// <param name="set">The variant.</param>
    /// <param name="isRanged">Whether any number of rows, but at least a tile of them, is computed at a time.</param>
    public bool EndsWithSmallerTiles(InstructionSet set, bool isRanged)
    {
        const int LeastPartOfRows = 100;
        var tile = Tile(set);
        var smaller = (tile.Pixels - (Rows % tile.Pixels)) % tile.Pixels;
        return set is InstructionSet.AvxVnni or InstructionSet.ArmDotProduct
            && tile is { Pixels: > 2, Parts: 1 }
            && smaller * LeastPartOfRows >= Rows
            && (isRanged ? tile.Pixels == 3 : smaller > 0 && smaller * (tile.Pixels - 1) <= Rows);
    }

    public static LoweredNode Lower(Int8Source source, int rows, Node node, LoweringContext context)
    {
        if (rows == 1 && StreamedProductInt8Kernel.Lower(source, node, context) is { } streamed)
        {
            return streamed;
        }

        // One row alone is summed in several chains; the depth is filled up so that they are equally long.
        var packed = Int8Packing.PackForTiles(source, Int8Runs.One, rows == 1 ? Int8TileShape.MaxDepthSplit : 1, rows, node, context);
        var lowered = new LoweredNode(
            new PointwiseInt8Kernel(rows, source.SegmentLength * source.Groups, packed, Int8Variants.DotProducts(context.Target)),
            (Value[])[node.Input(0)],
            ReadsPastEnd: packed.SegmentQuads * 4 != source.SegmentLength
        );
        return UnpackedInt8Kernel.Around(lowered, packed);
    }
}
