namespace ModelCompiler.Compression.Clustering;

/// <summary>Where the centres of clusters start.</summary>
public enum Initialisation
{
    /// <summary>At values chosen at random, far ones more probably (k-means++).</summary>
    PlusPlus,

    /// <summary>Evenly spread between the lowest and the highest value.</summary>
    Linear,
}

/// <summary>
/// k-means of numbers. Sorted, a cluster is a run, whose mean and error follow from sums up to its ends. Few numbers are divided in the
/// best way there is, by dynamic programming; many by Lloyd's iterations.
/// </summary>
internal sealed class OneDimensionalKMeans
{
    // Steps of the exact method up to which it takes some milliseconds.
    private const double MaxExactSteps = 4e6;
    private const int MaxIterations = 300;

    private readonly double[] _values;
    private readonly double[] _counts;
    private readonly double[] _sums;
    private readonly double[] _squares;

    private OneDimensionalKMeans(ReadOnlySpan<float> values)
    {
        var sorted = values.ToArray();
        Array.Sort(sorted);
        var distinct = sorted.CountBy(v => v).ToList();
        _values = [.. distinct.Select(d => (double)d.Key)];
        (_counts, _sums, _squares) = (new double[distinct.Count + 1], new double[distinct.Count + 1], new double[distinct.Count + 1]);
        for (var i = 0; i < distinct.Count; i++)
        {
            _counts[i + 1] = _counts[i] + distinct[i].Value;
            _sums[i + 1] = _sums[i] + (distinct[i].Value * _values[i]);
            _squares[i + 1] = _squares[i] + (distinct[i].Value * _values[i] * _values[i]);
        }
    }

    /// <summary>At most so many centres, in ascending order.</summary>
    public static float[] Centres(ReadOnlySpan<float> values, int clusters, Initialisation initialisation, int seed)
    {
        var means = new OneDimensionalKMeans(values);
        var distinct = means._values.Length;
        if (distinct <= clusters)
        {
            return [.. means._values.Select(v => (float)v)];
        }

        var ends =
            clusters * distinct * Math.Log2(distinct) <= MaxExactSteps
                ? means.BestEnds(clusters)
                : means.Iterate(
                    initialisation == Initialisation.Linear ? means.Spread(clusters) : means.FarApart(clusters, new Random(seed))
                );
        return [.. ends.Prepend(0).Zip(ends).Where(r => r.First < r.Second).Select(r => (float)means.Mean(r.First, r.Second))];
    }

    /// <summary>The nearest of ascending centres.</summary>
    public static int Nearest(ReadOnlySpan<float> centres, float value)
    {
        var above = centres.BinarySearch(value);
        if (above >= 0)
        {
            return above;
        }

        above = ~above;
        return above == 0 ? 0
            : above == centres.Length || value - centres[above - 1] <= centres[above] - value ? above - 1
            : above;
    }

    private double Mean(int begin, int end) => (_sums[end] - _sums[begin]) / (_counts[end] - _counts[begin]);

    private double Error(int begin, int end) =>
        begin >= end ? 0 : Math.Max(0, _squares[end] - _squares[begin] - ((_sums[end] - _sums[begin]) * Mean(begin, end)));

    /// <summary>The division with the least error: the best end of a run never lies further left for a longer prefix.</summary>
    private int[] BestEnds(int clusters)
    {
        var size = _values.Length;
        var cuts = new int[clusters][];
        double[] least = [.. Enumerable.Range(0, size + 1).Select(end => Error(0, end))];
        for (var k = 1; k < clusters; k++)
        {
            var (next, cut) = (new double[size + 1], new int[size + 1]);
            Divide(least, next, cut, (1, size), (0, size));
            (least, cuts[k]) = (next, cut);
        }

        var ends = new int[clusters];
        ends[^1] = size;
        for (var k = clusters - 1; k > 0; k--)
        {
            ends[k - 1] = cuts[k][ends[k]];
        }

        return ends;
    }

    private void Divide(double[] least, double[] next, int[] cut, (int First, int Last) prefixes, (int First, int Last) candidates)
    {
        if (prefixes.First > prefixes.Last)
        {
            return;
        }

        var end = (prefixes.First + prefixes.Last) / 2;
        next[end] = double.PositiveInfinity;
        for (var begin = candidates.First; begin <= Math.Min(candidates.Last, end); begin++)
        {
            var error = least[begin] + Error(begin, end);
            if (error < next[end])
            {
                (next[end], cut[end]) = (error, begin);
            }
        }

        Divide(least, next, cut, (prefixes.First, end - 1), (candidates.First, cut[end]));
        Divide(least, next, cut, (end + 1, prefixes.Last), (cut[end], candidates.Last));
    }

    private int[] Iterate(double[] centres)
    {
        var ends = new int[centres.Length];
        for (var iteration = 0; iteration < MaxIterations; iteration++)
        {
            var changed = false;
            for (var k = 0; k < centres.Length; k++)
            {
                var end = k + 1 == centres.Length ? _values.Length : UpTo((centres[k] + centres[k + 1]) / 2);
                changed |= end != ends[k];
                ends[k] = end;
            }

            for (var k = 0; k < centres.Length; k++)
            {
                var begin = k == 0 ? 0 : ends[k - 1];
                centres[k] = begin < ends[k] ? Mean(begin, ends[k]) : centres[k];
            }

            if (!changed)
            {
                break;
            }
        }

        return ends;
    }

    private int UpTo(double limit)
    {
        var index = Array.BinarySearch(_values, limit);
        return index < 0 ? ~index : index + 1;
    }

    private double[] Spread(int clusters) =>
        [.. Enumerable.Range(0, clusters).Select(k => _values[0] + ((_values[^1] - _values[0]) * k / Math.Max(clusters - 1, 1)))];

    private double[] FarApart(int clusters, Random random)
    {
        var distances = new double[_values.Length];
        Array.Fill(distances, double.PositiveInfinity);
        var centres = new List<double> { _values[Draw(i => _counts[i + 1] - _counts[i])] };
        while (centres.Count < clusters)
        {
            for (var i = 0; i < distances.Length; i++)
            {
                distances[i] = Math.Min(distances[i], (_values[i] - centres[^1]) * (_values[i] - centres[^1]));
            }

            centres.Add(_values[Draw(i => distances[i] * (_counts[i + 1] - _counts[i]))]);
        }

        return [.. centres.Order()];

        int Draw(Func<int, double> weight)
        {
            var rest = random.NextDouble() * Enumerable.Range(0, _values.Length).Sum(weight);
            for (var i = 0; i < _values.Length; i++)
            {
                rest -= weight(i);
                if (rest < 0)
                {
                    return i;
                }
            }

            return _values.Length - 1;
        }
    }
}
