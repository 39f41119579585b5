namespace ModelCompiler.Cli.Reports.Html.Layout;

/// <summary>Gives cells whose order is decided their place across.</summary>
internal static class ColumnPlacement
{
    private const int Sweeps = 24;

    // Lanes count more, so that long connections run straight.
    private const double LaneWeight = 4;

    /// <summary>The centre of each cell: near those of its neighbours in the other rows, and never nearer to another cell than the gap.</summary>
    public static double[] Centres(IReadOnlyList<int>[] rows, IReadOnlyList<Cell> cells, double gap)
    {
        var centres = new double[cells.Count];
        foreach (var row in rows)
        {
            Settle(row, cells, gap, _ => 0, centres);
        }

        for (var sweep = 0; sweep < Sweeps; sweep++)
        {
            // The last sweep goes down: what is read stands below what writes it.
            var down = sweep % 2 == 1;
            foreach (var row in down ? rows : Enumerable.Reverse(rows))
            {
                Settle(row, cells, gap, cell => Wanted(cell, down ? cells[cell].Above : cells[cell].Below), centres);
            }
        }

        return centres;

        double Wanted(int cell, List<int> neighbours)
        {
            if (neighbours.Count == 0)
            {
                return centres[cell];
            }

            var weights = neighbours.Select(n => cells[cell].IsLane && cells[n].IsLane ? LaneWeight : 1).ToArray();
            return neighbours.Zip(weights, (n, w) => centres[n] * w).Sum() / weights.Sum();
        }
    }

    /// <summary>
    /// The places of a row with the least squared distance from the wanted ones: with the gaps taken out they only have to ascend, and
    /// neighbours that want to pass each other share the mean (pool adjacent violators).
    /// </summary>
    private static void Settle(IReadOnlyList<int> row, IReadOnlyList<Cell> cells, double gap, Func<int, double> wanted, double[] centres)
    {
        var offsets = new double[row.Count];
        for (var i = 1; i < row.Count; i++)
        {
            offsets[i] = offsets[i - 1] + ((cells[row[i - 1]].Width + cells[row[i]].Width) / 2) + gap;
        }

        var pools = new List<(double Sum, double Weight, int Count)>();
        for (var i = 0; i < row.Count; i++)
        {
            var weight = cells[row[i]].IsLane ? LaneWeight : 1;
            var pool = (Sum: (wanted(row[i]) - offsets[i]) * weight, Weight: weight, Count: 1);
            while (pools.Count > 0 && pools[^1].Sum / pools[^1].Weight >= pool.Sum / pool.Weight)
            {
                pool = (pool.Sum + pools[^1].Sum, pool.Weight + pools[^1].Weight, pool.Count + pools[^1].Count);
                pools.RemoveAt(pools.Count - 1);
            }

            pools.Add(pool);
        }

        var next = 0;
        foreach (var (sum, weight, count) in pools)
        {
            for (var i = 0; i < count; i++, next++)
            {
                centres[row[next]] = (sum / weight) + offsets[next];
            }
        }
    }
}
