namespace ModelCompiler.Compression.Calibration;

/// <summary>
/// How often which magnitudes occur, in a fixed number of bins of equal width: where a greater one comes, pairs of bins become one until it fits,
/// so that one pass is enough and the memory stays the same however many numbers there are.
/// </summary>
public sealed class MagnitudeHistogram
{
    /// <summary>Number of bins; at least half of them cover what was seen.</summary>
    public const int Bins = 2048;

    private readonly long[] _counts = new long[Bins];

    /// <summary>Numbers in each bin, zeros not among them.</summary>
    public ReadOnlySpan<long> Counts => _counts;

    /// <summary>Width of a bin; 0 before the first number that is not zero.</summary>
    public double Width { get; private set; }

    /// <summary>Number of zeros, which every scale has exactly.</summary>
    public long Zeros { get; private set; }

    /// <summary>The greatest magnitude seen.</summary>
    public float Largest { get; private set; }

    /// <summary>Adds finite numbers.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="range">Their range.</param>
    public void Add(ReadOnlySpan<float> values, ValueRange range)
    {
        MakeRoom(MathF.Max(MathF.Abs(range.Min), MathF.Abs(range.Max)));
        var perWidth = Width > 0 ? 1 / Width : 0;
        foreach (var value in values)
        {
            if (value == 0)
            {
                Zeros++;
            }
            else
            {
                _counts[Math.Min((int)(Math.Abs((double)value) * perWidth), Bins - 1)]++;
            }
        }
    }

    private void MakeRoom(float largest)
    {
        Largest = MathF.Max(Largest, largest);
        if (Width == 0)
        {
            // A little wider than needed: the number itself, and its multiples, lie on no edge.
            Width = Largest * 1.000001 / Bins;
        }

        while (Width * Bins <= Largest && Width > 0)
        {
            for (var i = 0; i < Bins / 2; i++)
            {
                _counts[i] = _counts[2 * i] + _counts[(2 * i) + 1];
            }

            Array.Clear(_counts, Bins / 2, Bins / 2);
            Width *= 2;
        }
    }
}
