using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using static TorchSharp.torch;

namespace ModelCompiler.Training.Graphs.Operators;

/// <summary>Functions of two variables, which broadcast to each other as in libtorch.</summary>
internal static class BinaryFunctions
{
    public static Tensor[] Binary(Binary op, OperatorInputs inputs)
    {
        var (a, b) = (inputs[0], inputs[1]);
        // Integers of few bits are held as floats.
        return inputs.Element(0).IsInteger() && a.is_floating_point() && DependsOnIntegers(op.Function)
            ? [Apply(op.Function, a.to_type(ScalarType.Int64), b.to_type(ScalarType.Int64))]
            : [Apply(op.Function, a, b)];
    }

    private static bool DependsOnIntegers(BinaryFunction function) =>
        function
            is BinaryFunction.BitShiftLeft
                or BinaryFunction.BitShiftRight
                or BinaryFunction.BitwiseAnd
                or BinaryFunction.BitwiseOr
                or BinaryFunction.BitwiseXor
                or BinaryFunction.Div;

    private static Tensor Apply(BinaryFunction function, Tensor a, Tensor b) =>
        function switch
        {
            BinaryFunction.Add => a + b,
            BinaryFunction.And => a.logical_and(b),
            BinaryFunction.BitShiftLeft => bitwise_left_shift(a, b),
            BinaryFunction.BitShiftRight => bitwise_right_shift(a, b),
            BinaryFunction.BitwiseAnd => bitwise_and(a, b),
            BinaryFunction.BitwiseOr => bitwise_or(a, b),
            BinaryFunction.BitwiseXor => bitwise_xor(a, b),
            BinaryFunction.Div => a.is_floating_point() ? a / b : a.div(b, RoundingMode.trunc),
            BinaryFunction.Equal => a.eq(b),
            BinaryFunction.FloorMod => remainder(a, b),
            BinaryFunction.Greater => a > b,
            BinaryFunction.GreaterOrEqual => a >= b,
            BinaryFunction.Less => a < b,
            BinaryFunction.LessOrEqual => a <= b,
            BinaryFunction.Max => maximum(a, b),
            BinaryFunction.Min => minimum(a, b),
            BinaryFunction.Mul => a * b,
            BinaryFunction.Or => a.logical_or(b),
            BinaryFunction.Pow => a.pow(b),
            BinaryFunction.PRelu => where(a >= 0, a, a * b),
            BinaryFunction.Remainder => fmod(a, b),
            BinaryFunction.Sub => a - b,
            BinaryFunction.Xor => a.logical_xor(b),
            _ => throw new InvalidOperationException($"{function} is no function of two variables"),
        };
}
