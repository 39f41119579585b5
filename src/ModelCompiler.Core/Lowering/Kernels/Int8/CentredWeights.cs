using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>Writes the weights of one output channel.</summary>
internal delegate void ReadChannel(int channel, Span<short> weights);

/// <summary>What there is to know of the weights of an output channel before they are packed.</summary>
/// <param name="Total">Their sum.</param>
/// <param name="Magnitude">The sum of their absolute values.</param>
/// <param name="Lowest">The least of them, or 0.</param>
/// <param name="Highest">The greatest of them, or 0.</param>
/// <param name="Zeros">How many of them are 0.</param>
internal readonly record struct ChannelSum(int Total, long Magnitude, int Lowest, int Highest, int Zeros)
{
    public static ChannelSum Of(ReadOnlySpan<short> weights)
    {
        var (total, magnitude, lowest, highest, zeros) = (0, 0L, 0, 0, 0);
        foreach (int w in weights)
        {
            total += w;
            magnitude += Math.Abs(w);
            lowest = Math.Min(lowest, w);
            highest = Math.Max(highest, w);
            zeros += w == 0 ? 1 : 0;
        }

        return new(total, magnitude, lowest, highest, zeros);
    }
}

/// <summary>
/// Constant 8-bit weights with their zero points taken away, between −255 and 255, in the order of the kernels: [output, taps,
/// C/group]. They are worked out a channel at a time, from the model's own tensor, so that a large model is not held once more.
/// </summary>
internal sealed class CentredWeights
{
    private readonly ReadChannel _read;
    private readonly short[] _channel;
    private readonly Lazy<Survey> _survey;
    private int _current = -1;

    private CentredWeights(int outputs, int length, ReadChannel read)
    {
        Outputs = outputs;
        _channel = new short[length];
        _read = read;
        _survey = new(() => Survey.Of(this));
    }

    /// <summary>Output channels.</summary>
    public int Outputs { get; }

    /// <summary>Number of weights of all channels.</summary>
    public int Count => Outputs * _channel.Length;

    /// <summary>Sums of each channel, from one walk over all weights.</summary>
    public IReadOnlyList<ChannelSum> Sums => _survey.Value.Sums;

    /// <summary>The different values of all weights, in rising order; null where there are more than some number.</summary>
    public short[]? FewValues(int most) => _survey.Value.Values is var values && values.Length <= most ? values : null;

    /// <summary>Weights that are centred already.</summary>
    public static CentredWeights Of(short[] weights, int outputs)
    {
        var length = weights.Length / outputs;
        return new(outputs, length, (channel, target) => weights.AsSpan(channel * length, length).CopyTo(target));
    }

    /// <summary>w [M, C/group, kernel…] as [M, taps, C/group].</summary>
    public static CentredWeights OfConvolution(QuantizedConv op, Node node)
    {
        var w = node.Input(1).Constant!;
        var (outputs, channels, taps) = (w.Shape[0], w.Shape[1], op.Window.Taps);
        return new(
            outputs,
            channels * taps,
            (m, target) =>
            {
                var raw = new Bytes(w);
                var zeroPoint = ZeroPoint(op.WeightZeroPoints, m);
                for (var c = 0; c < channels; c++)
                {
                    for (var tap = 0; tap < taps; tap++)
                    {
                        target[(tap * channels) + c] = (short)(raw[(((m * channels) + c) * taps) + tap] - zeroPoint);
                    }
                }
            }
        );
    }

    /// <summary>b [K, N] as [N, K]: the order of a convolution of one tap.</summary>
    public static CentredWeights OfMatrix(Tensor b, EquatableArray<int> zeroPoints)
    {
        var (depth, columns) = (b.Shape[b.Shape.Rank - 2], b.Shape[b.Shape.Rank - 1]);
        return new(
            columns,
            depth,
            (n, target) =>
            {
                var raw = new Bytes(b);
                var zeroPoint = ZeroPoint(zeroPoints, n);
                for (var k = 0; k < depth; k++)
                {
                    target[k] = (short)(raw[(k * columns) + n] - zeroPoint);
                }
            }
        );
    }

    /// <summary>The weights of an output channel; until another one is asked for.</summary>
    public ReadOnlySpan<short> Channel(int channel)
    {
        if (channel != _current)
        {
            _read(channel, _channel);
            _current = channel;
        }

        return _channel;
    }

    /// <summary>All weights, channel after channel.</summary>
    public void CopyTo(Span<short> target)
    {
        for (var channel = 0; channel < Outputs; channel++)
        {
            Channel(channel).CopyTo(target.Slice(channel * _channel.Length));
        }
    }

    /// <summary>All weights, channel after channel.</summary>
    public short[] ToArray()
    {
        var all = new short[Count];
        CopyTo(all);
        return all;
    }

    /// <summary>All weights, channel after channel, where they <see cref="Int8Source.Fits">fit</see> signed bytes.</summary>
    public sbyte[] ToSignedBytes()
    {
        var all = new sbyte[Count];
        for (var channel = 0; channel < Outputs; channel++)
        {
            var weights = Channel(channel);
            for (var i = 0; i < weights.Length; i++)
            {
                all[(channel * weights.Length) + i] = (sbyte)weights[i];
            }
        }

        return all;
    }

    /// <summary>The zero point of a channel: the list has one for all or one for each.</summary>
    public static int ZeroPoint(EquatableArray<int> zeroPoints, int channel) =>
        zeroPoints.Count == 0 ? 0
        : zeroPoints.Count == 1 ? zeroPoints[0]
        : zeroPoints[channel];

    /// <summary>What one walk over all weights finds.</summary>
    /// <param name="Sums">Sums of each channel.</param>
    /// <param name="Values">The different values, in rising order.</param>
    private sealed record Survey(ChannelSum[] Sums, short[] Values)
    {
        public static Survey Of(CentredWeights weights)
        {
            var sums = new ChannelSum[weights.Outputs];
            var seen = new bool[(2 * byte.MaxValue) + 1];
            for (var c = 0; c < sums.Length; c++)
            {
                var channel = weights.Channel(c);
                sums[c] = ChannelSum.Of(channel);
                foreach (var w in channel)
                {
                    seen[w + byte.MaxValue] = true;
                }
            }

            return new(sums, [.. Enumerable.Range(0, seen.Length).Where(i => seen[i]).Select(i => (short)(i - byte.MaxValue))]);
        }
    }

    /// <summary>Elements of either 8-bit type.</summary>
    private readonly ref struct Bytes(Tensor tensor)
    {
        private readonly ReadOnlySpan<byte> _bytes = tensor.Bytes;
        private readonly int _sign = tensor.Element == ElementType.Int8 ? 128 : 0;

        // Two's complement, moved to 0 … 255 by its highest bit and back.
        public int this[int index] => (_bytes[index] ^ _sign) - _sign;
    }
}
