using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Graphs.Folding;

/// <summary>Converts constants to other element types.</summary>
internal static class CastEvaluator
{
    public static Tensor[]? Evaluate(Cast op, IReadOnlyList<Tensor?> inputs, TensorType[] types)
    {
        var x = inputs[0]!;
        if (x.Element == op.To)
        {
            return [x];
        }

        if (op.To == ElementType.Float32 && x.Element.IsNarrowFloat())
        {
            return [Tensor.From<float>(op.To, x.Shape, Widened(x))];
        }

        var isFloat = Elements.AreFloat(x.Element) || x.Element.IsNarrowFloat();
        if (Elements.AreFloat(op.To) || op.To.IsNarrowFloat())
        {
            var reals = isFloat ? Reals(x) : Reals(x.ToLongs(), x.Element);
            return Elements.AreFloat(op.To) ? [Elements.FromDoubles(types[0], reals)] : [Narrowed(op, types[0], reals)];
        }

        if (!isFloat)
        {
            var longs = x.ToLongs();
            return [Elements.FromLongs(types[0], op.To == ElementType.Bool ? [.. longs.Select(e => e != 0 ? 1L : 0L)] : longs)];
        }

        var doubles = Reals(x);
        return op.To == ElementType.Bool ? [Elements.FromLongs(types[0], [.. doubles.Select(e => e != 0 ? 1L : 0L)])]
            // Beyond 64 bits the result is not defined, and .NET's depends on the processor.
            : doubles.All(e => Math.Abs(e) < 9e18) ? [Elements.FromLongs(types[0], [.. doubles.Select(e => (long)e)])]
            : null;
    }

    /// <summary>The numbers of a tensor of floats of at most 16 bits.</summary>
    public static float[] Widened(Tensor tensor)
    {
        var decode = NarrowFloat.Of(tensor.Element) is { } format ? format.Decode : (Func<int, float>)PowerOfTwo.Decode;
        var result = new float[tensor.Shape.Elements];
        if (tensor.Element.SizeInBytes() == 1)
        {
            var bytes = tensor.Bytes;
            for (var i = 0; i < result.Length; i++)
            {
                result[i] = decode(bytes[i]);
            }

            return result;
        }

        var codes = tensor.As<ushort>();
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = decode(codes[i]);
        }

        return result;
    }

    private static double[] Reals(Tensor tensor) =>
        tensor.Element.IsNarrowFloat() ? [.. Widened(tensor).Select(e => (double)e)] : Elements.Doubles(tensor);

    private static double[] Reals(long[] integers, ElementType element) =>
        [.. integers.Select(e => element == ElementType.UInt64 ? (double)unchecked((ulong)e) : e)];

    private static Tensor Narrowed(Cast op, TensorType type, double[] reals)
    {
        var format = NarrowFloat.Of(op.To);
        var codes = reals.Select(e =>
            NarrowFloat.RoundedToOdd(e) is var real && format is null
                ? PowerOfTwo.Encode(real, op.Saturate, op.Rounding)
                : format!.Encode(real, op.Saturate && op.To.SizeInBytes() == 1)
        );
        return type.Element.SizeInBytes() == 1
            ? Tensor.From<byte>(type.Element, type.Shape, [.. codes.Select(c => (byte)c)])
            : Tensor.From<ushort>(type.Element, type.Shape, [.. codes.Select(c => (ushort)c)]);
    }
}
