using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering.Kernels.Int8.Streams;

/// <summary>Weights of a layer that are a stream in the binary.</summary>
/// <param name="Bytes">The stream.</param>
/// <param name="Longest">Bits of the longest code of a value.</param>
/// <param name="GapBits">Bits behind the one of a distance.</param>
/// <param name="GapsOffset">Byte at which the distances begin.</param>
/// <param name="ValuesOffset">Byte at which the values begin.</param>
/// <param name="BiasBits">Bits of a bias; 0 where there are none.</param>
/// <param name="Text">What there is to say of it.</param>
internal sealed record PackedStream(
    PackedWeights Bytes,
    int Longest,
    int GapBits,
    int GapsOffset,
    int ValuesOffset,
    int BiasBits,
    string Text
)
{
    /// <summary>Bytes of memory for the table that a reader makes of the codes, to look the next bits up in.</summary>
    public int TableBytes => sizeof(ushort) << Longest;

    /// <summary>Puts a stream into the weights.</summary>
    public static PackedStream Add(WeightStream stream, CentredWeights weights, Node node, LoweringContext context)
    {
        var density = 100.0 * (weights.Count - weights.Sums.Sum(s => (long)s.Zeros)) / Math.Max(1, weights.Count);
        return new(
            context.AddWeights<byte>(node, "stream", ElementType.UInt8, stream.Bytes),
            stream.Longest,
            stream.GapBits,
            stream.GapsOffset,
            stream.ValuesOffset,
            stream.BiasBits,
            $"stream of {Math.Round(density, 1).ToString(System.Globalization.CultureInfo.InvariantCulture)} % of weights, {stream.Values} values"
        );
    }
}
