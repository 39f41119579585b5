using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Emit.Kernels.Elementwise;

/// <summary>An expression for f(a, b).</summary>
internal delegate string BinaryExpression(LaneCode c, string a, string b);

/// <summary>Every function of two variables, one row for elements and vectors alike.</summary>
internal static class BinaryCode
{
    private static readonly Dictionary<BinaryFunction, BinaryExpression> Rows = new()
    {
        [BinaryFunction.Add] = (c, a, b) => c.Arithmetic(a, "+", b),
        [BinaryFunction.And] = (c, a, b) => c.Logical(a, "&", b),
        [BinaryFunction.BitShiftLeft] = (c, a, b) => Shifted(c, a, "<<", b),
        [BinaryFunction.BitShiftRight] = (c, a, b) => Shifted(c, a, ">>", b),
        [BinaryFunction.BitwiseAnd] = (c, a, b) => c.Arithmetic(a, "&", b),
        [BinaryFunction.BitwiseOr] = (c, a, b) => c.Arithmetic(a, "|", b),
        [BinaryFunction.BitwiseXor] = (c, a, b) => c.Arithmetic(a, "^", b),
        [BinaryFunction.Div] = (c, a, b) => c.Arithmetic(a, "/", b),
        [BinaryFunction.Equal] = (c, a, b) => c.Compare(a, "==", b),
        [BinaryFunction.FloorMod] = FloorMod,
        [BinaryFunction.Greater] = (c, a, b) => c.Compare(a, ">", b),
        [BinaryFunction.GreaterOrEqual] = (c, a, b) => c.Compare(a, ">=", b),
        [BinaryFunction.Less] = (c, a, b) => c.Compare(a, "<", b),
        [BinaryFunction.LessOrEqual] = (c, a, b) => c.Compare(a, "<=", b),
        [BinaryFunction.Max] = (c, a, b) => c.Call("Max", a, b),
        [BinaryFunction.Min] = (c, a, b) => c.Call("Min", a, b),
        [BinaryFunction.Mul] = (c, a, b) => c.Arithmetic(a, "*", b),
        [BinaryFunction.Or] = (c, a, b) => c.Logical(a, "|", b),
        [BinaryFunction.Pow] = (c, a, b) => c.IsFloat ? c.Call("Pow", a, b) : $"unchecked(({c.Type})Math.Pow({a}, {b}))",
        [BinaryFunction.PRelu] = (c, a, b) => c.IsUnsigned ? a : c.Select(c.Compare(a, "<", c.Number("0")), c.Mul(a, b), a),
        [BinaryFunction.Remainder] = (c, a, b) => c.Arithmetic(a, "%", b),
        [BinaryFunction.Sub] = (c, a, b) => c.Arithmetic(a, "-", b),
        [BinaryFunction.Xor] = (c, a, b) => c.Logical(a, "^", b),
    };

    public static string Write(LaneCode c, BinaryFunction function, string a, string b) => Rows[function](c, a, b);

    /// <summary>C# takes shift counts modulo the width.</summary>
    private static string Shifted(LaneCode c, string a, string op, string b) =>
        $"{b} < {c.Element.SizeInBytes() * 8} ? unchecked(({c.Type})({a} {op} (int){b})) : ({c.Type})0";

    private static string FloorMod(LaneCode c, string a, string b)
    {
        var remainder = c.Let(c.Arithmetic(a, "%", b));
        return c.IsUnsigned
            ? remainder
            : $"{remainder} != 0 && ({remainder} < 0) != ({b} < 0) ? {c.Arithmetic(remainder, "+", b)} : {remainder}";
    }
}
