namespace ModelCompiler.Cli.Reports.Html.Layout;

/// <summary>Orders the cells of each row so that few connections cross.</summary>
internal static class RowOrder
{
    private const int Sweeps = 12;

    /// <summary>Goes down and up through the rows, puts each cell at the mean place of its neighbours, and keeps the best order seen.</summary>
    public static void Improve(IList<int>[] rows, IReadOnlyList<Cell> cells)
    {
        var places = new double[cells.Count];
        Number(rows, places);
        var best = rows.Select(r => r.ToArray()).ToArray();
        var least = Crossings(rows, cells, places);
        for (var sweep = 0; sweep < Sweeps && least > 0; sweep++)
        {
            var down = sweep % 2 == 0;
            foreach (var row in down ? rows : Enumerable.Reverse(rows))
            {
                Sort(row, cell => down ? cells[cell].Above : cells[cell].Below, places);
            }

            var crossings = Crossings(rows, cells, places);
            if (crossings < least)
            {
                (least, best) = (crossings, [.. rows.Select(r => r.ToArray())]);
            }
        }

        for (var i = 0; i < rows.Length; i++)
        {
            Replace(rows[i], best[i]);
        }
    }

    /// <summary>How many pairs of connections between neighbouring rows cross.</summary>
    private static long Crossings(IEnumerable<IList<int>> rows, IReadOnlyList<Cell> cells, double[] places)
    {
        long crossings = 0;
        foreach (var row in rows)
        {
            var ends = row.SelectMany(cell => cells[cell].Below.Select(b => places[b]).Order()).ToArray();
            // Rows are short; where connections are many, they count by insertion into what came before.
            var seen = new List<double>();
            foreach (var end in ends)
            {
                var index = seen.BinarySearch(end);
                index = index < 0 ? ~index : index;
                while (index < seen.Count && seen[index] <= end)
                {
                    index++;
                }

                crossings += seen.Count - index;
                seen.Insert(index, end);
            }
        }

        return crossings;
    }

    private static void Sort(IList<int> row, Func<int, List<int>> neighbours, double[] places)
    {
        // What has no neighbours there stays where it is; sorting keeps the order of equals.
        var sorted = row.OrderBy(cell => neighbours(cell) is { Count: > 0 } n ? n.Average(i => places[i]) : places[cell]).ToArray();
        Replace(row, sorted);
        for (var i = 0; i < row.Count; i++)
        {
            places[row[i]] = i;
        }
    }

    private static void Replace(IList<int> row, int[] order)
    {
        for (var i = 0; i < order.Length; i++)
        {
            row[i] = order[i];
        }
    }

    private static void Number(IEnumerable<IList<int>> rows, double[] places)
    {
        foreach (var row in rows)
        {
            for (var i = 0; i < row.Count; i++)
            {
                places[row[i]] = i;
            }
        }
    }
}
