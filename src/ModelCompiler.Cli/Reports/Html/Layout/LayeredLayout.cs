namespace ModelCompiler.Cli.Reports.Html.Layout;

/// <summary>A box to be placed.</summary>
internal readonly record struct BoxSize(double Width, double Height);

/// <summary>A point in the picture.</summary>
internal readonly record struct Point(double X, double Y);

/// <summary>A placed box.</summary>
/// <param name="X">Left edge.</param>
/// <param name="Y">Upper edge.</param>
/// <param name="Width">Width.</param>
/// <param name="Height">Height.</param>
internal readonly record struct Box(double X, double Y, double Width, double Height);

/// <summary>A connection from one box down to another.</summary>
/// <param name="From">Index of the upper box.</param>
/// <param name="To">Index of the lower one.</param>
internal readonly record struct Connection(int From, int To);

/// <summary>
/// Boxes of a graph without cycles in rows from top to bottom, each below all that it depends on, with as few crossings as a few sweeps
/// find (Sugiyama, Tagawa and Toda 1981). A connection that passes rows has a lane of its own there, so that it runs beside the boxes.
/// </summary>
internal static class LayeredLayout
{
    /// <summary>Space between boxes of a row, and between boxes and lanes.</summary>
    public const double ColumnGap = 24;

    /// <summary>Space between rows.</summary>
    public const double RowGap = 34;

    /// <summary>More lanes than this are not placed: the picture could not be read.</summary>
    private const int MostLanes = 20_000;

    private const int LaneWidth = 6;

    /// <summary>Places boxes; null where the connections need more lanes than anybody can look at.</summary>
    /// <param name="sizes">The boxes, in an order in which connections lead forward.</param>
    /// <param name="connections">What is connected; From is less than To.</param>
    public static Placement? Place(IReadOnlyList<BoxSize> sizes, IReadOnlyList<Connection> connections)
    {
        var ranks = RanksOf(sizes.Count, connections);
        if (connections.Sum(c => (long)(ranks[c.To] - ranks[c.From] - 1)) > MostLanes)
        {
            return null;
        }

        var (cells, chains) = AddLanes(sizes, connections, ranks);
        var rows = Enumerable.Range(0, ranks.DefaultIfEmpty(-1).Max() + 1).Select(_ => new List<int>()).ToArray();
        for (var cell = 0; cell < cells.Count; cell++)
        {
            rows[cells[cell].Rank].Add(cell);
        }

        RowOrder.Improve(rows, cells);
        var centres = ColumnPlacement.Centres(rows, cells, ColumnGap);
        return Arrange(sizes, rows, cells, chains, centres);
    }

    /// <summary>The row of each box: one below the lowest that it depends on; what depends on nothing is just above what reads it.</summary>
    private static int[] RanksOf(int count, IReadOnlyList<Connection> connections)
    {
        var ranks = new int[count];
        var least = Enumerable.Repeat(int.MaxValue, count).ToArray();
        var depends = new bool[count];
        foreach (var (from, to) in connections.OrderBy(c => c.From).ThenBy(c => c.To))
        {
            // Connections lead forward, so the rank of From is final here.
            ranks[to] = Math.Max(ranks[to], ranks[from] + 1);
            depends[to] = true;
        }

        foreach (var (from, to) in connections)
        {
            least[from] = Math.Min(least[from], ranks[to]);
        }

        return [.. ranks.Select((rank, i) => !depends[i] && least[i] < int.MaxValue ? least[i] - 1 : rank)];
    }

    private static (List<Cell> Cells, List<int[]> Chains) AddLanes(
        IReadOnlyList<BoxSize> sizes,
        IReadOnlyList<Connection> connections,
        int[] ranks
    )
    {
        var cells = sizes.Select((s, i) => new Cell(ranks[i], s.Width)).ToList();
        var chains = new List<int[]>();
        foreach (var (from, to) in connections)
        {
            var chain = new List<int> { from };
            for (var rank = ranks[from] + 1; rank < ranks[to]; rank++)
            {
                chain.Add(cells.Count);
                cells.Add(new Cell(rank, LaneWidth) { IsLane = true });
            }

            chain.Add(to);
            chains.Add([.. chain]);
            for (var i = 1; i < chain.Count; i++)
            {
                cells[chain[i - 1]].Below.Add(chain[i]);
                cells[chain[i]].Above.Add(chain[i - 1]);
            }
        }

        return (cells, chains);
    }

    private static Placement Arrange(
        IReadOnlyList<BoxSize> sizes,
        IReadOnlyList<int>[] rows,
        IReadOnlyList<Cell> cells,
        IReadOnlyList<int[]> chains,
        double[] centres
    )
    {
        var tops = new double[rows.Length + 1];
        for (var row = 0; row < rows.Length; row++)
        {
            tops[row + 1] = tops[row] + rows[row].Where(c => c < sizes.Count).Select(c => sizes[c].Height).DefaultIfEmpty(0).Max() + RowGap;
        }

        var left = cells.Select((c, i) => centres[i] - (c.Width / 2)).DefaultIfEmpty(0).Min();
        var width = cells.Select((c, i) => centres[i] + (c.Width / 2)).DefaultIfEmpty(0).Max() - left;
        var boxes = sizes.Select((s, i) => new Box(centres[i] - left - (s.Width / 2), tops[cells[i].Rank], s.Width, s.Height)).ToArray();
        return new(boxes, [.. chains.Select(Line)], width, Math.Max(0, tops[^1] - RowGap));

        Point[] Line(int[] chain)
        {
            var (first, last) = (boxes[chain[0]], boxes[chain[^1]]);
            var points = new List<Point> { new(first.X + (first.Width / 2), first.Y + first.Height) };
            foreach (var lane in chain[1..^1])
            {
                points.Add(new(centres[lane] - left, tops[cells[lane].Rank]));
                points.Add(new(centres[lane] - left, tops[cells[lane].Rank + 1] - RowGap));
            }

            points.Add(new(last.X + (last.Width / 2), last.Y));
            return [.. points];
        }
    }
}

/// <summary>Where everything lies.</summary>
/// <param name="Boxes">The boxes.</param>
/// <param name="Lines">The connections, each from point to point; those at an even index and the next are joined by a curve.</param>
/// <param name="Width">Width of it all.</param>
/// <param name="Height">Height of it all.</param>
internal sealed record Placement(IReadOnlyList<Box> Boxes, IReadOnlyList<Point[]> Lines, double Width, double Height);

/// <summary>A box, or a place that a connection passes, in a row.</summary>
internal sealed record Cell(int Rank, double Width)
{
    /// <summary>Whether a connection passes here.</summary>
    public bool IsLane { get; init; }

    /// <summary>What it is connected with in the row above.</summary>
    public List<int> Above { get; } = [];

    /// <summary>What it is connected with in the row below.</summary>
    public List<int> Below { get; } = [];
}
