using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>Constant 8-bit weights with their zero points taken away: between −255 and 255.</summary>
internal static class CentredWeights
{
    /// <summary>w [M, C/group, kernel…] as [M, taps, C/group].</summary>
    public static short[] OfConvolution(QuantizedConv op, Node node)
    {
        var w = node.Input(1).Constant!;
        var (outputs, channels) = (w.Shape[0], w.Shape[1]);
        var taps = op.Window.Taps;
        var raw = Raw(w);
        var result = new short[raw.Length];
        for (var m = 0; m < outputs; m++)
        {
            var zeroPoint = ZeroPoint(op.WeightZeroPoints, m);
            for (var c = 0; c < channels; c++)
            {
                for (var tap = 0; tap < taps; tap++)
                {
                    result[(((m * taps) + tap) * channels) + c] = (short)(raw[(((m * channels) + c) * taps) + tap] - zeroPoint);
                }
            }
        }

        return result;
    }

    /// <summary>b [K, N] as [N, K]: the order of a convolution of one tap.</summary>
    public static short[] OfMatrix(Tensor b, EquatableArray<int> zeroPoints)
    {
        var (depth, columns) = (b.Shape[b.Shape.Rank - 2], b.Shape[b.Shape.Rank - 1]);
        var raw = Raw(b);
        var result = new short[raw.Length];
        for (var k = 0; k < depth; k++)
        {
            for (var n = 0; n < columns; n++)
            {
                result[(n * depth) + k] = (short)(raw[(k * columns) + n] - ZeroPoint(zeroPoints, n));
            }
        }

        return result;
    }

    /// <summary>The zero point of a channel: the list has one for all or one for each.</summary>
    public static int ZeroPoint(EquatableArray<int> zeroPoints, int channel) =>
        zeroPoints.Count == 0 ? 0
        : zeroPoints.Count == 1 ? zeroPoints[0]
        : zeroPoints[channel];

    private static short[] Raw(Tensor tensor)
    {
        var bytes = tensor.Bytes;
        var result = new short[bytes.Length];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = tensor.Element == ElementType.Int8 ? (sbyte)bytes[i] : bytes[i];
        }

        return result;
    }
}
