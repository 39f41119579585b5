using System.Runtime.InteropServices;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Graphs.Folding;

/// <summary>Quantises and dequantises constants.</summary>
internal static class QuantizationEvaluator
{
    public static Tensor[]? Quantize(QuantizeLinear op, IReadOnlyList<Tensor?> inputs, TensorType[] types)
    {
        if (op.Grid is not { } grid)
        {
            return null;
        }

        var (x, size) = (inputs[0]!.ToFloats(), op.Element.SizeInBytes());
        var bytes = new byte[types[0].Bytes];
        for (var i = 0; i < x.Length; i++)
        {
            var k = grid.IndexOf(types[0].Shape, i);
            var q = QuantizationRules.Quantize(x[i], grid.Scales[k], grid.ZeroPoints[k], op.Element);
            for (var part = 0; part < size; part++)
            {
                bytes[(i * size) + part] = unchecked((byte)(q >> (8 * part)));
            }
        }

        return [Tensor.FromBytes(types[0], bytes)];
    }

    public static Tensor[]? Dequantize(DequantizeLinear op, IReadOnlyList<Tensor?> inputs, TensorType[] types)
    {
        if (op.Grid is not { } grid)
        {
            return null;
        }

        var q = inputs[0]!.ToLongs();
        var reals = new float[q.Length];
        for (var i = 0; i < q.Length; i++)
        {
            var k = grid.IndexOf(types[0].Shape, i);
            reals[i] = QuantizationRules.Dequantize((int)q[i], grid.Scales[k], grid.ZeroPoints[k]);
        }

        return [Tensor.FromBytes(types[0], MemoryMarshal.AsBytes(reals.AsSpan()).ToArray())];
    }
}
