using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ModelCompiler.Training.Graphs.Operators;

/// <summary>Functions of one variable, and conversions.</summary>
internal static class UnaryFunctions
{
    public static Tensor[] Unary(Unary op, OperatorInputs inputs) => [Apply(op, inputs[0], inputs.Element(0))];

    /// <summary>The function applied to every element.</summary>
    public static Tensor Apply(Unary op, Tensor x, ElementType element = ElementType.Float32)
    {
        var (alpha, beta) = (op.Alpha, op.Beta);
        return op.Function switch
        {
            UnaryFunction.Abs => x.abs(),
            UnaryFunction.Acos => x.acos(),
            UnaryFunction.Acosh => x.acosh(),
            UnaryFunction.Affine => (x * alpha) + beta,
            UnaryFunction.Asin => x.asin(),
            UnaryFunction.Asinh => x.asinh(),
            UnaryFunction.Atan => x.atan(),
            UnaryFunction.Atanh => x.atanh(),
            UnaryFunction.BitwiseNot => BitwiseNot(x, element),
            UnaryFunction.Ceil => x.ceil(),
            UnaryFunction.Celu => functional.celu(x, alpha),
            UnaryFunction.Clip => Bounded(x, alpha, beta),
            UnaryFunction.Cos => x.cos(),
            UnaryFunction.Cosh => x.cosh(),
            UnaryFunction.Elu => functional.elu(x, alpha),
            UnaryFunction.Erf => x.erf(),
            UnaryFunction.Exp => x.exp(),
            UnaryFunction.Floor => x.floor(),
            UnaryFunction.Gelu => functional.gelu(x),
            UnaryFunction.GeluTanh => functional.gelu(x, TorchSharp.Modules.GELU.Approximate.tanh),
            UnaryFunction.HardSigmoid => ((x * alpha) + beta).clamp(0, 1),
            UnaryFunction.HardSwish => x * ((x / 6) + 0.5).clamp(0, 1),
            UnaryFunction.IsInfinite => IsInfinite(x, alpha != 0, beta != 0),
            UnaryFunction.IsNaN => isnan(x),
            UnaryFunction.LeakyRelu => functional.leaky_relu(x, alpha),
            UnaryFunction.Log => x.log(),
            UnaryFunction.Mish => functional.mish(x),
            UnaryFunction.Neg => x.neg(),
            UnaryFunction.Not => x.logical_not(),
            UnaryFunction.Reciprocal => x.reciprocal(),
            UnaryFunction.Relu => functional.relu(x),
            UnaryFunction.Round => x.round(),
            UnaryFunction.ScaledTanh => (x * beta).tanh() * alpha,
            // The exponential of what is not negative is not looked at, but would spoil gradients where it overflows.
            UnaryFunction.Selu => where(x > 0, x * beta, (x.clamp(max: 0).exp() - 1) * (alpha * beta)),
            UnaryFunction.Shrink => where(x > beta, x - alpha, where(x < -beta, x + alpha, zeros_like(x))),
            UnaryFunction.Sigmoid => x.sigmoid(),
            UnaryFunction.Sign => x.sign(),
            UnaryFunction.Sin => x.sin(),
            UnaryFunction.Sinh => x.sinh(),
            UnaryFunction.Softplus => functional.softplus(x),
            UnaryFunction.Softsign => x / (x.abs() + 1),
            UnaryFunction.Sqrt => x.sqrt(),
            UnaryFunction.Swish => x * (x * alpha).sigmoid(),
            UnaryFunction.Tan => x.tan(),
            UnaryFunction.Tanh => x.tanh(),
            UnaryFunction.ThresholdedRelu => where(x > alpha, x, zeros_like(x)),
            _ => throw new InvalidOperationException($"{op.Function} is no function of one variable"),
        };
    }

    /// <summary>Elements clamped to bounds, of which either may be infinite.</summary>
    public static Tensor Clamped(Tensor x, Clamp clamp) => clamp == Clamp.None ? x : Bounded(x, clamp.Low, clamp.High);

    /// <summary>
    /// Floats stay what they are but for their rounding, through which gradients pass; a change between floats and integers goes by way
    /// of what torch makes of it.
    /// </summary>
    public static Tensor[] Cast(Cast op, OperatorInputs inputs)
    {
        var x = inputs[0];
        return op.To switch
        {
            ElementType.Bool => [x.ne(0)],
            ElementType.Float16 => [x.to_type(ScalarType.Float16)],
            ElementType.BFloat16 => [x.to_type(ScalarType.BFloat16)],
            _ when op.To.IsInteger() => [Wrapped(x.is_floating_point() ? x.trunc() : x, op.To)],
            _ => [x],
        };
    }

    public static Tensor[] Where(Where op, OperatorInputs inputs) => [where(inputs[0], inputs[1], inputs[2])];

    /// <summary>Integers of few bits begin again at the lowest behind the highest.</summary>
    private static Tensor Wrapped(Tensor x, ElementType to) =>
        to.SizeInBytes() > 2 ? x : remainder(x - to.LowestValue(), to.HighestValue() - to.LowestValue() + 1) + to.LowestValue();

    private static Tensor Bounded(Tensor x, float low, float high)
    {
        // The gradient of clamp goes element by element, that of relu6 by vectors. (TorchSharp's hardtanh changes nothing at all.)
        if ((low, high) == (0, 6) && x.is_floating_point())
        {
            return functional.relu6(x);
        }

        x = float.IsNegativeInfinity(low) ? x : x.clamp(min: low);
        return float.IsPositiveInfinity(high) ? x : x.clamp(max: high);
    }

    private static Tensor BitwiseNot(Tensor x, ElementType element) =>
        x.is_floating_point() ? (element.LowestValue() < 0 ? -1 : element.HighestValue()) - x : x.bitwise_not();

    private static Tensor IsInfinite(Tensor x, bool negative, bool positive) =>
        (positive, negative) switch
        {
            (true, true) => isinf(x),
            (true, false) => x.eq(float.PositiveInfinity),
            (false, true) => x.eq(float.NegativeInfinity),
            _ => zeros_like(x, ScalarType.Bool),
        };
}
