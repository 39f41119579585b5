namespace ModelCompiler.Lowering.Kernels.Int8.Streams;

/// <summary>
/// Weights with scattered zeros in few bytes: of each weight that is not zero how many zeros stand before it, and its value (Han, Mao
/// and Dally 2016, "Deep Compression", with Rice's code for the distances, which are nearly geometric, and a prefix code for the values).
/// <para>
/// The bytes: numbers of codes of length 1, 2, …; the values in the order of their codes; the distances; the values of the weights, before
/// those of each row its bias. Distances and values begin at whole bytes. A distance d is d &gt;&gt; k zeros, a one, and the lowest k bits of d.
/// A distance that would take more than <see cref="MostQuotient"/> zeros is interrupted by weights of value zero. The last distance leads
/// behind the last weight.
/// </para>
/// </summary>
/// <param name="Bytes">The bytes.</param>
/// <param name="Longest">Bits of the longest code of a value.</param>
/// <param name="GapBits">k, 0 to <see cref="MostGapBits"/>.</param>
/// <param name="GapsOffset">Byte at which the distances begin.</param>
/// <param name="ValuesOffset">Byte at which the values of the weights begin.</param>
/// <param name="BiasBits">Bits of a bias, in two's complement; 0 where there are none.</param>
internal sealed record WeightStream(byte[] Bytes, int Longest, int GapBits, int GapsOffset, int ValuesOffset, int BiasBits)
{
    /// <summary>Zeros before the one of a distance: with the bits behind it they fit what a reader looks at at once, 57 bits.</summary>
    public const int MostQuotient = 31;

    /// <summary>Most bits behind the one of a distance.</summary>
    public const int MostGapBits = 12;

    /// <summary>How many values have a code.</summary>
    public int Values => GapsOffset - Longest;

    /// <summary>Encodes weights; of all codes of the distances, the one with the fewest bits in total.</summary>
    /// <param name="weights">The weights, row after row.</param>
    /// <param name="bias">A bias for each row; none where the weights are not rows of a matrix.</param>
    public static WeightStream Encode(sbyte[] weights, int[] bias)
    {
        var places = Enumerable.Range(0, weights.Length).Where(i => weights[i] != 0).ToArray();
        var frequencies = new long[byte.MaxValue + 1];
        foreach (var place in places)
        {
            frequencies[weights[place] - sbyte.MinValue]++;
        }

        var plan = Enumerable
            .Range(0, MostGapBits + 1)
            .Select(bits => Plan.Of(places, weights.Length, bits, frequencies))
            .OrderBy(p => p.Bits)
            .First();
        return Write(plan, places, weights, bias);
    }

    private static WeightStream Write(Plan plan, int[] places, sbyte[] weights, int[] bias)
    {
        var (gaps, values, row) = (new BitWriter(), new BitWriter(), 0);
        var (biasBits, codes) = (bias.Length == 0 ? 0 : bias.Max(SignedBits), plan.Code.Codes());
        foreach (var (gap, place) in plan.Gaps(places, weights.Length))
        {
            gaps.Write(1UL << plan.GapBits | (uint)gap & ((1UL << plan.GapBits) - 1), (gap >> plan.GapBits) + 1 + plan.GapBits);
            WriteBiases(place);
            if (place < weights.Length)
            {
                var (code, length) = codes[weights[place]];
                values.Write(code, length);
            }
        }

        var book = plan.Code.Lengths.Concat(plan.Code.Values.Select(v => unchecked((byte)v))).ToArray();
        var gapBytes = gaps.ToArray();
        return new(
            [.. book, .. gapBytes, .. values.ToArray()],
            plan.Code.Longest,
            plan.GapBits,
            book.Length,
            book.Length + gapBytes.Length,
            biasBits
        );

        // Of all rows that begin at a place or before it, those of no weights too.
        void WriteBiases(int place)
        {
            for (; row < bias.Length && (long)row * (weights.Length / bias.Length) <= place; row++)
            {
                values.Write(unchecked((ulong)bias[row]), biasBits);
            }
        }
    }

    /// <summary>How many bits a number has in two's complement.</summary>
    private static int SignedBits(int value)
    {
        var bits = 1;
        for (; value is not 0 and not -1; value >>= 1)
        {
            bits++;
        }

        return bits;
    }

    /// <summary>What comes of a number of bits behind the one of a distance.</summary>
    /// <param name="GapBits">The number.</param>
    /// <param name="Code">The code of the values, weights that interrupt distances among them.</param>
    /// <param name="Bits">Bits of code, distances and values.</param>
    private sealed record Plan(int GapBits, PrefixCode Code, long Bits)
    {
        private int MostGap => ((MostQuotient + 1) << GapBits) - 1;

        public static Plan Of(int[] places, int length, int gapBits, long[] frequencies)
        {
            var (bits, written) = (0L, 0L);
            var plan = new Plan(gapBits, new(Array.Empty<byte>(), Array.Empty<sbyte>()), 0);
            foreach (var (gap, _) in plan.Gaps(places, length))
            {
                bits += (gap >> gapBits) + 1 + gapBits;
                written++;
            }

            var counts = frequencies.ToArray();
            counts[-sbyte.MinValue] = written - places.Length - 1;
            var code = PrefixCode.Of(counts);
            var values = code.Codes().Sum(c => counts[c.Key - sbyte.MinValue] * c.Value.Length);
            return new(gapBits, code, bits + values + (8 * code.Bytes));
        }

        /// <summary>
        /// The distances, and the place of the weight behind each: of those that are not zero, of zeros that interrupt, and of the end.
        /// </summary>
        public IEnumerable<(int Gap, int Place)> Gaps(int[] places, int length)
        {
            var next = 0;
            for (var i = 0; i <= places.Length; i++)
            {
                var place = i < places.Length ? places[i] : length;
                for (; place - next > MostGap; next += MostGap + 1)
                {
                    yield return (MostGap, next + MostGap);
                }

                yield return (place - next, place);
                next = place + 1;
            }
        }
    }
}
