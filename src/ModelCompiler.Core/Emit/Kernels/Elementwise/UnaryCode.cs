using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Emit.Kernels.Elementwise;

/// <summary>An expression for f(x); it may name parts of it with <see cref="LaneCode.Let"/>.</summary>
internal delegate string UnaryExpression(LaneCode c, string x, Unary f);

/// <summary>Every function of one variable, one row for elements and vectors alike.</summary>
internal static class UnaryCode
{
    private static readonly Dictionary<UnaryFunction, UnaryExpression> Rows = new()
    {
        [UnaryFunction.Abs] = (c, x, _) =>
            c.IsUnsigned ? x
            : c.IsFloat ? c.Call("Abs", x)
            : Select(c, x, "<", "0", Negative(c, x), x),
        [UnaryFunction.Acos] = (c, x, _) => c.Call("Acos", x),
        [UnaryFunction.Acosh] = (c, x, _) => c.Call("Acosh", x),
        [UnaryFunction.Affine] = (c, x, f) => Line(c, x, c.Number(f.Alpha), c.Number(f.Beta)),
        [UnaryFunction.Asin] = (c, x, _) => c.Call("Asin", x),
        [UnaryFunction.Asinh] = (c, x, _) => c.Call("Asinh", x),
        [UnaryFunction.Atan] = (c, x, _) => c.Call("Atan", x),
        [UnaryFunction.Atanh] = (c, x, _) => c.Call("Atanh", x),
        [UnaryFunction.BitwiseNot] = (c, x, _) => c.Prefix("~", x),
        [UnaryFunction.Ceil] = (c, x, _) => c.Call("Ceiling", x),
        [UnaryFunction.Celu] = (c, x, f) => Select(c, x, "<", "0", c.Mul(c.Number(f.Alpha), ExpMinus1(c, c.Div(x, c.Number(f.Alpha)))), x),
        [UnaryFunction.Clip] = (c, x, f) => Clamped(c, x, c.Number(f.Alpha), c.Number(f.Beta)),
        [UnaryFunction.Cos] = (c, x, _) => c.Call("Cos", x),
        [UnaryFunction.Cosh] = (c, x, _) => c.Call("Cosh", x),
        [UnaryFunction.Elu] = (c, x, f) => Select(c, x, "<", "0", c.Mul(c.Number(f.Alpha), ExpMinus1(c, x)), x),
        [UnaryFunction.Erf] = (c, x, _) => c.Own("Erf", x),
        [UnaryFunction.Exp] = (c, x, _) => c.Own("Exp", x),
        [UnaryFunction.Floor] = (c, x, _) => c.Call("Floor", x),
        [UnaryFunction.Gelu] = (c, x, _) => HalfTimesOnePlus(c, x, c.Let(c.Own("Erf", c.Mul(x, c.Number("0.70710678118654752"))))),
        [UnaryFunction.GeluTanh] = (c, x, _) => HalfTimesOnePlus(c, x, c.Let(c.Own("Tanh", CubicOfGelu(c, x)))),
        [UnaryFunction.HardSigmoid] = (c, x, f) =>
            Clamped(c, Line(c, x, c.Number(f.Alpha), c.Number(f.Beta)), c.Number("0"), c.Number("1")),
        [UnaryFunction.HardSwish] = (c, x, _) =>
            c.Arithmetic(x, "*", Clamped(c, Line(c, x, c.Number("0.16666666666666667"), c.Number("0.5")), c.Number("0"), c.Number("1"))),
        [UnaryFunction.IsInfinite] = IsInfinite,
        [UnaryFunction.IsNaN] = (c, x, _) => c.Not(c.Compare(x, "==", x)),
        [UnaryFunction.LeakyRelu] = (c, x, f) => Select(c, x, "<", "0", c.Mul(c.Number(f.Alpha), x), x),
        [UnaryFunction.Log] = (c, x, _) => c.Call("Log", x),
        [UnaryFunction.Mish] = Mish,
        [UnaryFunction.Neg] = (c, x, _) => Negative(c, x),
        [UnaryFunction.Not] = (c, x, _) => c.Not(x),
        [UnaryFunction.Reciprocal] = (c, x, _) => c.Arithmetic(c.Number("1"), "/", x),
        [UnaryFunction.Relu] = (c, x, _) => c.IsUnsigned ? x : Select(c, x, "<", "0", c.Number("0"), x),
        [UnaryFunction.Round] = (c, x, _) => c.Call("Round", x),
        [UnaryFunction.ScaledTanh] = (c, x, f) => c.Arithmetic(c.Number(f.Alpha), "*", c.Let(c.Own("Tanh", c.Mul(c.Number(f.Beta), x)))),
        [UnaryFunction.Selu] = (c, x, f) =>
            c.Arithmetic(c.Number(f.Beta), "*", c.Let(Select(c, x, ">", "0", x, c.Mul(c.Number(f.Alpha), ExpMinus1(c, x))))),
        [UnaryFunction.Shrink] = Shrink,
        [UnaryFunction.Sigmoid] = (c, x, _) => c.Arithmetic(c.Number("1"), "/", OnePlusExpOfMinus(c, x)),
        [UnaryFunction.Sign] = (c, x, _) =>
            Select(c, x, ">", "0", c.Number("1"), c.IsUnsigned ? x : c.Let(Select(c, x, "<", "0", c.Number("-1"), x))),
        [UnaryFunction.Sin] = (c, x, _) => c.Call("Sin", x),
        [UnaryFunction.Sinh] = (c, x, _) => c.Call("Sinh", x),
        [UnaryFunction.Softplus] = Softplus,
        [UnaryFunction.Softsign] = (c, x, _) => c.Arithmetic(x, "/", c.Add(c.Number("1"), c.Let(c.Call("Abs", x)))),
        [UnaryFunction.Sqrt] = (c, x, _) => c.Call("Sqrt", x),
        [UnaryFunction.Swish] = (c, x, f) => c.Arithmetic(x, "/", OnePlusExpOfMinus(c, f.Alpha == 1 ? x : c.Mul(c.Number(f.Alpha), x))),
        [UnaryFunction.Tan] = (c, x, _) => c.Call("Tan", x),
        [UnaryFunction.Tanh] = (c, x, _) => c.Own("Tanh", x),
        [UnaryFunction.ThresholdedRelu] = (c, x, f) => c.Select(c.Compare(x, ">", c.Number(f.Alpha)), x, c.Number("0")),
    };

    public static string Write(LaneCode c, string x, Unary f) => Rows[f.Function](c, x, f);

    private static string Select(LaneCode c, string x, string op, string bound, string a, string b) =>
        c.Select(c.Compare(x, op, c.Number(bound)), a, b);

    private static string Negative(LaneCode c, string x) =>
        c.IsUnsigned ? c.Let(c.Arithmetic(c.Number("0"), "-", x)) : c.Let(c.Prefix("-", x));

    private static string ExpMinus1(LaneCode c, string x) => c.Sub(c.Let(c.Own("Exp", x)), c.Number("1"));

    private static string Line(LaneCode c, string x, string slope, string offset) => c.Add(c.Mul(slope, x), offset);

    private static string Clamped(LaneCode c, string x, string low, string high) => c.Bounded(c.Bounded(x, "<", low), ">", high);

    private static string OnePlusExpOfMinus(LaneCode c, string x) => c.Add(c.Number("1"), c.Let(c.Own("Exp", c.Let(c.Prefix("-", x)))));

    private static string HalfTimesOnePlus(LaneCode c, string x, string y) =>
        c.Arithmetic(c.Mul(c.Number("0.5"), x), "*", c.Add(c.Number("1"), y));

    /// <summary>√(2/π)(x + 0.044715x³).</summary>
    private static string CubicOfGelu(LaneCode c, string x)
    {
        var inner = c.Add(c.Number("1"), c.Mul(c.Number("0.044715"), c.Mul(x, x)));
        return c.Mul(c.Mul(c.Number("0.79788456080286536"), x), inner);
    }

    private static string IsInfinite(LaneCode c, string x, Unary f)
    {
        var negative = c.Compare(x, "==", c.Number(float.NegativeInfinity));
        var positive = c.Compare(x, "==", c.Number(float.PositiveInfinity));
        return f.Alpha == 0 && f.Beta == 0 ? c.Logical(negative, "&", positive)
            : f.Alpha == 0 ? positive
            : f.Beta == 0 ? negative
            : c.Logical(negative, "|", positive);
    }

    /// <summary>tanh(log(1 + e)) = e(e + 2)/(e(e + 2) + 2); beyond x = 20 it is 1 and e must not overflow.</summary>
    private static string Mish(LaneCode c, string x, Unary f)
    {
        var e = c.Let(c.Own("Exp", c.Bounded(x, ">", c.Number("20"))));
        var n = c.Mul(e, c.Add(e, c.Number("2")));
        return c.Arithmetic(x, "*", c.Div(n, c.Add(n, c.Number("2"))));
    }

    private static string Shrink(LaneCode c, string x, Unary f)
    {
        var below = c.Let(c.Select(c.Compare(x, "<", c.Number(-f.Beta)), c.Add(x, c.Number(f.Alpha)), c.Number("0")));
        return c.Select(c.Compare(x, ">", c.Number(f.Beta)), c.Sub(x, c.Number(f.Alpha)), below);
    }

    /// <summary>max(x, 0) + log(1 + exp(−|x|)), which cannot overflow.</summary>
    private static string Softplus(LaneCode c, string x, Unary f)
    {
        var exp = c.Let(c.Own("Exp", c.Let(c.Prefix("-", c.Let(c.Call("Abs", x))))));
        var log = c.Let(c.Call("Log", c.Add(c.Number("1"), exp)));
        return c.Arithmetic(c.Bounded(x, "<", c.Number("0")), "+", log);
    }
}
