using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Graphs.Folding;

/// <summary>Evaluates functions of two variables and Where.</summary>
internal static class FoldBinary
{
    private static readonly Dictionary<BinaryFunction, Func<double, double, double>> OfFloats = new()
    {
        [BinaryFunction.Add] = (a, b) => a + b,
        [BinaryFunction.Div] = (a, b) => a / b,
        [BinaryFunction.Max] = (a, b) => double.IsNaN(a) || a > b ? a : b,
        [BinaryFunction.Min] = (a, b) => double.IsNaN(a) || a < b ? a : b,
        [BinaryFunction.Mul] = (a, b) => a * b,
        [BinaryFunction.Pow] = ReproducibleMath.Pow,
        [BinaryFunction.PRelu] = (a, b) => a < 0 ? a * b : a,
        [BinaryFunction.Remainder] = (a, b) => a % b,
        [BinaryFunction.Sub] = (a, b) => a - b,
    };

    private static readonly Dictionary<BinaryFunction, Func<double, double, bool>> ComparisonsOfFloats = new()
    {
        [BinaryFunction.Equal] = (a, b) => a == b,
        [BinaryFunction.Greater] = (a, b) => a > b,
        [BinaryFunction.GreaterOrEqual] = (a, b) => a >= b,
        [BinaryFunction.Less] = (a, b) => a < b,
        [BinaryFunction.LessOrEqual] = (a, b) => a <= b,
    };

    // UInt64 is left to run time: its upper half does not fit into the 64-bit integers used here.
    private static readonly Dictionary<BinaryFunction, Func<long, long, long>> OfIntegers = new()
    {
        [BinaryFunction.Add] = (a, b) => unchecked(a + b),
        [BinaryFunction.And] = (a, b) => a & b,
        [BinaryFunction.BitwiseAnd] = (a, b) => a & b,
        [BinaryFunction.BitwiseOr] = (a, b) => a | b,
        [BinaryFunction.BitwiseXor] = (a, b) => a ^ b,
        [BinaryFunction.Div] = (a, b) => b == -1 ? unchecked(-a) : a / b,
        [BinaryFunction.Equal] = (a, b) => a == b ? 1 : 0,
        [BinaryFunction.FloorMod] = (a, b) => b == -1 ? 0 : unchecked(((a % b) + b) % b),
        [BinaryFunction.Greater] = (a, b) => a > b ? 1 : 0,
        [BinaryFunction.GreaterOrEqual] = (a, b) => a >= b ? 1 : 0,
        [BinaryFunction.Less] = (a, b) => a < b ? 1 : 0,
        [BinaryFunction.LessOrEqual] = (a, b) => a <= b ? 1 : 0,
        [BinaryFunction.Max] = Math.Max,
        [BinaryFunction.Min] = Math.Min,
        [BinaryFunction.Mul] = (a, b) => unchecked(a * b),
        [BinaryFunction.Or] = (a, b) => a | b,
        [BinaryFunction.Pow] = WholePower,
        [BinaryFunction.Remainder] = (a, b) => b == -1 ? 0 : a % b,
        [BinaryFunction.Sub] = (a, b) => unchecked(a - b),
        [BinaryFunction.Xor] = (a, b) => a ^ b,
    };

    public static Tensor[]? Evaluate(Binary op, IReadOnlyList<Tensor?> inputs, TensorType[] types)
    {
        var (a, b) = (inputs[0]!, inputs[1]!);
        var (left, right) = (Elements.BroadcastIndices(a.Shape, types[0].Shape), Elements.BroadcastIndices(b.Shape, types[0].Shape));
        var elements = Enumerable.Range(0, types[0].Shape.Elements);
        if (Elements.AreFloat(a.Element))
        {
            var (x, y) = (Elements.Doubles(a), Elements.Doubles(b));
            return OfFloats.TryGetValue(op.Function, out var function)
                    ? [Elements.FromDoubles(types[0], [.. elements.Select(i => function(x[left[i]], y[right[i]]))])]
                : ComparisonsOfFloats.TryGetValue(op.Function, out var test)
                    ? [Elements.FromLongs(types[0], [.. elements.Select(i => test(x[left[i]], y[right[i]]) ? 1L : 0L)])]
                : null;
        }

        var (p, q) = (a.ToLongs(), b.ToLongs());
        var divides = op.Function is BinaryFunction.Div or BinaryFunction.FloorMod or BinaryFunction.Remainder;
        return a.Element != ElementType.UInt64 && OfIntegers.TryGetValue(op.Function, out var ofIntegers) && !(divides && q.Contains(0))
            ? [Elements.FromLongs(types[0], [.. elements.Select(i => ofIntegers(p[left[i]], q[right[i]]))])]
            : null;
    }

    public static Tensor[]? Where(Where op, IReadOnlyList<Tensor?> inputs, TensorType[] types)
    {
        var indices = inputs.Select(t => Elements.BroadcastIndices(t!.Shape, types[0].Shape)).ToArray();
        var size = types[0].Element.SizeInBytes();
        var result = new byte[types[0].Bytes];
        for (var i = 0; i < types[0].Shape.Elements; i++)
        {
            var chosen = inputs[0]!.Bytes[indices[0][i]] != 0 ? 1 : 2;
            inputs[chosen]!.Bytes.Slice(indices[chosen][i] * size, size).CopyTo(result.AsSpan(i * size));
        }

        return [Tensor.FromBytes(types[0], result)];
    }

    private static long WholePower(long x, long exponent)
    {
        if (exponent < 0)
        {
            return x == 1 ? 1
                : x == -1 ? 1 - (2 * (exponent & 1))
                : 0;
        }

        long result = 1;
        for (; exponent > 0; exponent >>= 1, x = unchecked(x * x))
        {
            if ((exponent & 1) != 0)
            {
                result = unchecked(result * x);
            }
        }

        return result;
    }
}
