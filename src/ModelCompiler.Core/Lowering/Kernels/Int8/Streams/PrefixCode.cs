using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering.Kernels.Int8.Streams;

/// <summary>
/// A canonical prefix code of bytes: frequent values have short codes, none is longer than a limit, and the number of codes of each
/// length with the values in the order of their codes says everything. Lengths are the best there are under the limit, by the
/// package-merge algorithm (Larmore and Hirschberg 1990, "A fast algorithm for optimal length-limited Huffman codes").
/// </summary>
/// <param name="Lengths">Number of codes of length 1, 2, … up to the longest that there is.</param>
/// <param name="Values">The values in the order of their codes: by length, and of one length in rising order.</param>
internal sealed record PrefixCode(EquatableArray<byte> Lengths, EquatableArray<sbyte> Values)
{
    /// <summary>The longest code that there may be: a table of all its bits is what a reader looks values up in.</summary>
    public const int Limit = 10;

    /// <summary>Bits of the longest code.</summary>
    public int Longest => Lengths.Count;

    /// <summary>Bytes in which the code is written.</summary>
    public int Bytes => Lengths.Count + Values.Count;

    /// <summary>The best code for values of given frequencies.</summary>
    /// <param name="frequencies">How often each of the 256 signed bytes occurs, −128 first; what never occurs has no code.</param>
    public static PrefixCode Of(IReadOnlyList<long> frequencies)
    {
        var symbols = Enumerable.Range(0, frequencies.Count).Where(s => frequencies[s] > 0).ToArray();
        var lengths = symbols.Length switch
        {
            0 => [],
            1 => [1],
            _ => PackageMerge([.. symbols.Select(s => frequencies[s])]),
        };
        LeaveRoomForByte(lengths);
        var order = Enumerable.Range(0, symbols.Length).OrderBy(i => lengths[i]).ThenBy(i => i).ToArray();
        var counts = new byte[lengths.DefaultIfEmpty(1).Max()];
        foreach (var length in lengths)
        {
            counts[length - 1]++;
        }

        return new(counts, order.Select(i => (sbyte)(symbols[i] + sbyte.MinValue)).ToArray());
    }

    /// <summary>The code of each value, and its length in bits.</summary>
    public Dictionary<sbyte, (uint Code, int Length)> Codes()
    {
        var codes = new Dictionary<sbyte, (uint, int)>();
        var (code, next) = (0u, 0);
        for (var length = 1; length <= Lengths.Count; length++, code <<= 1)
        {
            for (var count = (int)Lengths[length - 1]; count > 0; count--)
            {
                codes.Add(Values[next++], (code++, length));
            }
        }

        return codes;
    }

    /// <summary>All 256 values with codes of 8 bits are one more than a byte counts: two of them get a bit more.</summary>
    private static void LeaveRoomForByte(int[] lengths)
    {
        if (lengths.Length > byte.MaxValue && lengths.All(l => l == lengths[0]))
        {
            lengths[0]++;
            lengths[1]++;
        }
    }

    /// <summary>Of the cheapest 2n − 2 packages of the last level, in how many a symbol is.</summary>
    private static int[] PackageMerge(long[] frequencies)
    {
        var leaves = Enumerable.Range(0, frequencies.Length).OrderBy(i => frequencies[i]).Select(i => new Package(frequencies[i], [i]));
        var sorted = leaves.ToArray();
        var level = sorted;
        for (var bits = 1; bits < Limit; bits++)
        {
            var pairs = Enumerable.Range(0, level.Length / 2).Select(i => level[2 * i].With(level[(2 * i) + 1]));
            level = [.. sorted.Concat(pairs).OrderBy(p => p.Weight)];
        }

        var lengths = new int[frequencies.Length];
        foreach (var symbol in level.Take((2 * frequencies.Length) - 2).SelectMany(p => p.Symbols))
        {
            lengths[symbol]++;
        }

        return lengths;
    }

    private sealed record Package(long Weight, int[] Symbols)
    {
        public Package With(Package other) => new(Weight + other.Weight, [.. Symbols, .. other.Symbols]);
    }
}
