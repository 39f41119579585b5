using CsCheck;
using ModelCompiler.Lowering.Kernels.Int8.Streams;

namespace ModelCompiler.Core.Tests.Kernels.Streams;

/// <summary>Streams hold the weights that went in, and take the bytes that they should.</summary>
public sealed class WeightStreamTests
{
    [Fact]
    public void What_is_encoded_is_read_again() =>
        (
            from rows in Gen.Int[1, 9]
            from depth in Gen.Int[1, 200]
            from density in Int8Models.Pick(0, 0.01, 0.07, 0.5, 1)
            from values in Int8Models.Pick(1, 2, 3, 32, 256)
            from bias in Int8Models.Pick(0, 1, 200, int.MaxValue)
            from seed in Gen.Int[0, 1_000_000]
            select (rows, depth, density, values, bias, seed)
        ).Sample(
            c =>
            {
                var random = new Random(c.seed);
                var weights = Weights(random, c.rows * c.depth, c.density, c.values);
                int[] biases = [.. Enumerable.Range(0, c.rows).Select(_ => (int)random.NextInt64(-(long)c.bias, (long)c.bias + 1))];
                AssertRoundTrip(weights, biases);
                AssertRoundTrip(weights, []);
            },
            iter: 300
        );

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(399_999)]
    public void A_single_weight_is_found_behind_any_number_of_zeros(int place)
    {
        var weights = new sbyte[400_000];
        weights[place] = -7;
        Assert.InRange(AssertRoundTrip(weights, []).Bytes.Length, 1, 40);
    }

    [Fact]
    public void Nothing_but_zeros_takes_a_few_bytes() => Assert.InRange(AssertRoundTrip(new sbyte[1_000_000], [0, 0]).Bytes.Length, 1, 60);

    [Fact]
    public void Extreme_biases_are_kept() => AssertRoundTrip([1, 0, 0, 2, 3, 4], [int.MinValue, int.MaxValue, -1]);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void All_256_values_have_codes(int repeats)
    {
        var dense = Enumerable.Range(0, repeats * 256).Select(i => unchecked((sbyte)(i % 256 == 0 ? 1 : i))).ToArray();
        Assert.Equal(255, AssertRoundTrip(dense, []).Values);
        // Zeros that interrupt a long distance are a value more.
        Assert.Equal(256, AssertRoundTrip([.. dense, .. new sbyte[300_000], 1], []).Values);
    }

    [Fact]
    public void Equal_frequencies_of_all_256_values_fit_the_counts_of_lengths()
    {
        var code = PrefixCode.Of([.. Enumerable.Repeat(5L, 256)]);
        Assert.Equal((byte[])[0, 0, 0, 0, 0, 0, 0, 254, 2], code.Lengths.ToArray());
        Assert.Equal(256, code.Values.Distinct().Count());
    }

    [Fact]
    public void No_code_is_longer_than_the_limit_and_all_are_prefix_free()
    {
        // Frequencies of Fibonacci's numbers make the longest codes.
        var frequencies = new long[256];
        (frequencies[0], frequencies[1]) = (1, 1);
        for (var i = 2; i < 40; i++)
        {
            frequencies[i] = frequencies[i - 1] + frequencies[i - 2];
        }

        var codes = PrefixCode.Of(frequencies).Codes().Values;
        Assert.Equal(PrefixCode.Limit, codes.Max(c => c.Length));
        var words = codes.Select(c => Convert.ToString(c.Code, 2).PadLeft(c.Length, '0')).ToArray();
        Assert.All(words, w => Assert.Single(words, other => w.StartsWith(other, StringComparison.Ordinal)));
    }

    [Fact]
    public void Codes_are_within_a_tenth_of_a_bit_of_the_entropy()
    {
        var random = new Random(1);
        var frequencies = Enumerable.Range(0, 256).Select(i => Math.Abs(i - 128) > 16 ? 0L : random.Next(1, 1000)).ToArray();
        var (total, codes) = (frequencies.Sum(), PrefixCode.Of(frequencies).Codes());
        var bits = codes.Sum(c => (double)frequencies[c.Key + 128] * c.Value.Length) / total;
        Assert.InRange(bits, 0, frequencies.Where(f => f > 0).Sum(f => -f * Math.Log2((double)f / total)) / total + 0.1);
    }

    [Fact]
    public void Seven_percent_of_a_layer_take_within_two_percent_of_their_entropy()
    {
        const int Count = 784 * 300;
        const double Density = 0.07;
        var weights = Weights(new Random(1), Count, Density, 32);
        var kept = weights.Count(w => w != 0);
        var values = weights.Where(w => w != 0).GroupBy(w => w).Sum(g => -g.Count() * Math.Log2((double)g.Count() / kept));
        var places = -((kept * Math.Log2((double)kept / Count)) + ((Count - kept) * Math.Log2(1 - ((double)kept / Count))));
        Assert.InRange(AssertRoundTrip(weights, []).Bytes.Length, 0, (values + places) / 8 * 1.02);
    }

    private static sbyte[] Weights(Random random, int count, double density, int values)
    {
        var book = Enumerable.Range(-128, 256).Where(v => v != 0).OrderBy(_ => random.Next()).Take(values).Select(v => (sbyte)v).ToArray();
        return [.. Enumerable.Range(0, count).Select(_ => random.NextDouble() < density ? book[random.Next(book.Length)] : (sbyte)0)];
    }

    private static WeightStream AssertRoundTrip(sbyte[] weights, int[] biases)
    {
        var stream = WeightStream.Encode(weights, biases);
        var (found, foundBiases) = Decode(stream, weights.Length, biases.Length);
        Assert.True(weights.AsSpan().SequenceEqual(found), "the weights differ");
        Assert.Equal(biases, foundBiases);
        return stream;
    }

    /// <summary>The format as its documentation says it, a bit at a time.</summary>
    private static (sbyte[] Weights, int[] Biases) Decode(WeightStream stream, int length, int rows)
    {
        var (gaps, values) = (stream.GapsOffset * 8, stream.ValuesOffset * 8);
        var (weights, biases) = (new sbyte[length], new List<int>());
        for (var next = Gap(); ; next += 1 + Gap())
        {
            while (biases.Count < rows && (long)biases.Count * (length / rows) <= next)
            {
                biases.Add((int)((long)(Bits(ref values, stream.BiasBits) << (64 - stream.BiasBits)) >> (64 - stream.BiasBits)));
            }

            if (next >= length)
            {
                Assert.Equal(length, next);
                return (weights, [.. biases]);
            }

            weights[next] = Value();
        }

        int Gap()
        {
            var quotient = 0;
            while (Bits(ref gaps, 1) == 0)
            {
                quotient++;
            }

            Assert.InRange(quotient, 0, WeightStream.MostQuotient);
            return (quotient << stream.GapBits) + (int)Bits(ref gaps, stream.GapBits);
        }

        sbyte Value()
        {
            var (code, first, index) = (0, 0, stream.Longest);
            foreach (var count in stream.Bytes.Take(stream.Longest))
            {
                code = (code << 1) | (int)Bits(ref values, 1);
                first <<= 1;
                if (code - first < count)
                {
                    return unchecked((sbyte)stream.Bytes[index + code - first]);
                }

                (first, index) = (first + count, index + count);
            }

            throw new InvalidDataException("no code is as long as this");
        }

        ulong Bits(ref int at, int count)
        {
            var bits = 0UL;
            for (; count > 0; count--, at++)
            {
                bits = (bits << 1) | (((ulong)stream.Bytes[at / 8] >> (7 - (at % 8))) & 1);
            }

            return bits;
        }
    }
}
