using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering.Tiling;

/// <summary>
/// Output columns (channels) that one tile computes at a time, and how often that repeats. The weights of a column are a
/// vector's lane; from one summand to the next they are <see cref="SummandStride"/> elements apart.
/// </summary>
/// <param name="Column">First column.</param>
/// <param name="Bits">Width of the vectors.</param>
/// <param name="Vectors">Vectors a tile.</param>
/// <param name="Repeats">How many times; each takes the next Vectors × lanes columns.</param>
/// <param name="Stored">Columns of one repetition that exist: fewer than lanes only where the matrix has fewer columns.</param>
/// <param name="WeightOffset">Elements from the start of the weights to this run's.</param>
/// <param name="SummandStride">Elements from one summand to the next.</param>
/// <param name="VectorStride">Elements from one vector's weights to the next vector's, where they are not in one block.</param>
/// <param name="BlockColumns">Columns whose weights for one summand stand side by side.</param>
internal sealed record ColumnRun(
    int Column,
    int Bits,
    int Vectors,
    int Repeats,
    int Stored,
    int WeightOffset,
    int SummandStride,
    int VectorStride,
    int BlockColumns
)
{
    public int Lanes => Bits / 32;

    /// <summary>Columns of one repetition.</summary>
    public int Width => Vectors * Lanes;

    /// <summary>Elements from the weights of one repetition to those of the next.</summary>
    public int RepeatStride => OffsetOf(Vectors);

    /// <summary>Elements from the first vector's weights to those of another of the same summand.</summary>
    public int OffsetOf(int vector)
    {
        var column = vector * Lanes;
        return (column / BlockColumns * VectorStride) + (column % BlockColumns);
    }
}

/// <summary>Neighbouring pixels (or matrix rows) that one tile computes at a time, and how often that repeats along the row.</summary>
/// <param name="First">First pixel.</param>
/// <param name="Pixels">Pixels a tile.</param>
/// <param name="Repeats">How many tiles in a row.</param>
/// <param name="Split">
/// Into how many accumulators each sum is split, so that enough of them are under way while one multiplication takes its time.
/// </param>
internal sealed record PixelRun(int First, int Pixels, int Repeats, int Split);

/// <summary>A run of columns with the tiles that cover a row of pixels for it.</summary>
internal sealed record TilePlan(ColumnRun Columns, EquatableArray<PixelRun> Pixels);

/// <summary>The tiles of one variant of a kernel.</summary>
internal sealed record VariantPlan(InstructionSet InstructionSet, EquatableArray<TilePlan> Tiles)
{
    public override string ToString() =>
        string.Join(
            " + ",
            Tiles.Select(t =>
                $"{string.Join("/", t.Pixels.Select(p => p.Pixels).Distinct())} pixels × {t.Columns.Vectors} of {t.Columns.Bits} bits"
            )
        );
}
