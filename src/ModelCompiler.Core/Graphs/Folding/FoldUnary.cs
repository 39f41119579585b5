using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Graphs.Folding;

/// <summary>Evaluates functions of one variable.</summary>
internal static class FoldUnary
{
    // Trigonometric functions are left to run time: nobody's constants need them.
    private static readonly Dictionary<UnaryFunction, Func<double, Unary, double>> OfFloats = new()
    {
        [UnaryFunction.Abs] = (x, _) => Math.Abs(x),
        [UnaryFunction.Affine] = (x, f) => (f.Alpha * x) + f.Beta,
        [UnaryFunction.Ceil] = (x, _) => Math.Ceiling(x),
        [UnaryFunction.Celu] = (x, f) => x < 0 ? f.Alpha * (ReproducibleMath.Exp(x / f.Alpha) - 1) : x,
        [UnaryFunction.Clip] = (x, f) => Clamped(x, f.Alpha, f.Beta),
        [UnaryFunction.Elu] = (x, f) => x < 0 ? f.Alpha * (ReproducibleMath.Exp(x) - 1) : x,
        [UnaryFunction.Erf] = (x, _) => ReproducibleMath.Erf(x),
        [UnaryFunction.Exp] = (x, _) => ReproducibleMath.Exp(x),
        [UnaryFunction.Floor] = (x, _) => Math.Floor(x),
        [UnaryFunction.Gelu] = (x, _) => 0.5 * x * (1 + ReproducibleMath.Erf(x * 0.70710678118654752)),
        [UnaryFunction.GeluTanh] = (x, _) => 0.5 * x * (1 + ReproducibleMath.Tanh(0.79788456080286536 * x * (1 + (0.044715 * x * x)))),
        [UnaryFunction.HardSigmoid] = (x, f) => Clamped((f.Alpha * x) + f.Beta, 0, 1),
        [UnaryFunction.HardSwish] = (x, _) => x * Clamped((x / 6) + 0.5, 0, 1),
        [UnaryFunction.LeakyRelu] = (x, f) => x < 0 ? f.Alpha * x : x,
        [UnaryFunction.Log] = (x, _) => ReproducibleMath.Log(x),
        [UnaryFunction.Mish] = (x, _) => x * ReproducibleMath.Tanh(Softplus(x)),
        [UnaryFunction.Neg] = (x, _) => -x,
        [UnaryFunction.Reciprocal] = (x, _) => 1 / x,
        [UnaryFunction.Relu] = (x, _) => x < 0 ? 0 : x,
        [UnaryFunction.Round] = (x, _) => Math.Round(x, MidpointRounding.ToEven),
        [UnaryFunction.ScaledTanh] = (x, f) => f.Alpha * ReproducibleMath.Tanh(f.Beta * x),
        [UnaryFunction.Selu] = (x, f) => f.Beta * (x > 0 ? x : f.Alpha * (ReproducibleMath.Exp(x) - 1)),
        [UnaryFunction.Shrink] = (x, f) =>
            x > f.Beta ? x - f.Alpha
            : x < -f.Beta ? x + f.Alpha
            : 0,
        [UnaryFunction.Sigmoid] = (x, _) => 1 / (1 + ReproducibleMath.Exp(-x)),
        [UnaryFunction.Sign] = (x, _) =>
            x > 0 ? 1
            : x < 0 ? -1
            : x,
        [UnaryFunction.Softplus] = (x, _) => Softplus(x),
        [UnaryFunction.Softsign] = (x, _) => x / (1 + Math.Abs(x)),
        [UnaryFunction.Sqrt] = (x, _) => Math.Sqrt(x),
        [UnaryFunction.Swish] = (x, f) => x / (1 + ReproducibleMath.Exp(-f.Alpha * x)),
        [UnaryFunction.Tanh] = (x, _) => ReproducibleMath.Tanh(x),
        [UnaryFunction.ThresholdedRelu] = (x, f) => x > f.Alpha ? x : 0,
    };

    private static readonly Dictionary<UnaryFunction, Func<double, Unary, bool>> Tests = new()
    {
        [UnaryFunction.IsInfinite] = (x, f) =>
            (double.IsNegativeInfinity(x) && f.Alpha != 0) || (double.IsPositiveInfinity(x) && f.Beta != 0),
        [UnaryFunction.IsNaN] = (x, _) => double.IsNaN(x),
    };

    private static readonly Dictionary<UnaryFunction, Func<long, bool, long>> OfIntegers = new()
    {
        [UnaryFunction.Abs] = (x, unsigned) => unchecked(unsigned || x >= 0 ? x : -x),
        [UnaryFunction.BitwiseNot] = (x, _) => ~x,
        [UnaryFunction.Neg] = (x, _) => unchecked(-x),
        [UnaryFunction.Not] = (x, _) => x == 0 ? 1 : 0,
        [UnaryFunction.Relu] = (x, unsigned) => unsigned || x >= 0 ? x : 0,
        [UnaryFunction.Sign] = (x, unsigned) => unsigned ? (x == 0 ? 0 : 1) : Math.Sign(x),
    };

    public static Tensor[]? Evaluate(Unary op, IReadOnlyList<Tensor?> inputs, TensorType[] types)
    {
        var x = inputs[0]!;
        if (Elements.AreFloat(x.Element))
        {
            return OfFloats.TryGetValue(op.Function, out var function)
                    ? [Elements.FromDoubles(types[0], [.. Elements.Doubles(x).Select(e => function(e, op))])]
                : Tests.TryGetValue(op.Function, out var test)
                    ? [Elements.FromLongs(types[0], [.. Elements.Doubles(x).Select(e => test(e, op) ? 1L : 0L)])]
                : null;
        }

        var unsigned = x.Element.LowestValue() == 0;
        return OfIntegers.TryGetValue(op.Function, out var ofInteger)
            ? [Elements.FromLongs(types[0], [.. x.ToLongs().Select(e => ofInteger(e, unsigned))])]
            : null;
    }

    private static double Clamped(double x, double low, double high)
    {
        var bounded = x < low ? low : x;
        return bounded > high ? high : bounded;
    }

    private static double Softplus(double x) => (x < 0 ? 0 : x) + ReproducibleMath.Log(1 + ReproducibleMath.Exp(-Math.Abs(x)));
}
