namespace ModelCompiler.Lowering.Tiling;

/// <summary>
/// How a matrix of weights [summand, column] is laid out for tiles: blocks of 16 columns, each [summand, 16], and a narrower
/// last one. Where columns are left over, the last block is moved back so that it ends with the last column: computing some
/// columns twice costs no more than padding would, and whole vectors can be stored.
/// </summary>
/// <param name="Summands">Products that each output is the sum of.</param>
/// <param name="Columns">Number of columns.</param>
internal sealed record BlockedWeights(int Summands, int Columns)
{
    public const int BlockColumns = 16;

    /// <summary>Blocks of 16 columns that are not moved.</summary>
    public int FullBlocks => Columns / BlockColumns;

    /// <summary>Columns of the last, moved block: 0 where there is none.</summary>
    public int TailColumns =>
        (Columns % BlockColumns) switch
        {
            0 => 0,
            <= 4 => 4,
            <= 8 => 8,
            _ => BlockColumns,
        };

    /// <summary>First column of the last block.</summary>
    public int TailFirst => Math.Max(0, Columns - TailColumns);

    public int Elements => Summands * ((FullBlocks * BlockColumns) + TailColumns);

    /// <summary>Packs weights.</summary>
    /// <param name="source">The weights.</param>
    /// <param name="order">Where each of them stands in <paramref name="source"/>.</param>
    /// <param name="target">Where the elements go, <see cref="Elements"/> of them.</param>
    public void Pack(ReadOnlySpan<float> source, WeightOrder order, Span<float> target)
    {
        var next = 0;
        for (var block = 0; block < FullBlocks; block++)
        {
            next = PackBlock(source, order, target, next, block * BlockColumns, BlockColumns);
        }

        PackBlock(source, order, target, next, TailFirst, TailColumns);
    }

    private int PackBlock(ReadOnlySpan<float> source, WeightOrder order, Span<float> target, int next, int first, int width)
    {
        for (var summand = 0; summand < Summands; summand++)
        {
            var row = order.Row(summand);
            for (var column = first; column < first + width; column++)
            {
                target[next++] = column < Columns ? source[row + (column * order.Column)] : 0;
            }
        }

        return next;
    }
}

/// <summary>How a matrix of weights [summand, column] lies in a constant: summands are taps with channels inside.</summary>
/// <param name="Channels">Channels of a tap.</param>
/// <param name="Tap">Elements from one tap to the next.</param>
/// <param name="Channel">Elements from one channel to the next.</param>
/// <param name="Column">Elements from one column to the next.</param>
internal readonly record struct WeightOrder(int Channels, int Tap, int Channel, int Column)
{
    /// <summary>The first element of a summand.</summary>
    public int Row(int summand) => (summand / Channels * Tap) + (summand % Channels * Channel);
}
