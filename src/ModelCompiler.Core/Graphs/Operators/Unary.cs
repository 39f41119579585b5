namespace ModelCompiler.Graphs.Operators;

/// <summary>The function of one variable that <see cref="Unary"/> applies to every element.</summary>
public enum UnaryFunction
{
    /// <summary>|x|.</summary>
    Abs,

    /// <summary>Arc cosine.</summary>
    Acos,

    /// <summary>Inverse hyperbolic cosine.</summary>
    Acosh,

    /// <summary>αx + β.</summary>
    Affine,

    /// <summary>Arc sine.</summary>
    Asin,

    /// <summary>Inverse hyperbolic sine.</summary>
    Asinh,

    /// <summary>Arc tangent.</summary>
    Atan,

    /// <summary>Inverse hyperbolic tangent.</summary>
    Atanh,

    /// <summary>All bits inverted.</summary>
    BitwiseNot,

    /// <summary>Rounded up.</summary>
    Ceil,

    /// <summary>max(0, x) + min(0, α(exp(x/α) − 1)).</summary>
    Celu,

    /// <summary>min(max(x, α), β).</summary>
    Clip,

    /// <summary>Cosine.</summary>
    Cos,

    /// <summary>Hyperbolic cosine.</summary>
    Cosh,

    /// <summary>x for x ≥ 0, else α(exp(x) − 1).</summary>
    Elu,

    /// <summary>Error function.</summary>
    Erf,

    /// <summary>e to the x.</summary>
    Exp,

    /// <summary>Rounded down.</summary>
    Floor,

    /// <summary>x/2 · (1 + erf(x/√2)).</summary>
    Gelu,

    /// <summary>x/2 · (1 + tanh(√(2/π)(x + 0.044715x³))).</summary>
    GeluTanh,

    /// <summary>min(max(αx + β, 0), 1).</summary>
    HardSigmoid,

    /// <summary>x · min(max(x/6 + 1/2, 0), 1).</summary>
    HardSwish,

    /// <summary>Whether x is infinite: −∞ counts where α is not 0, +∞ where β is not 0.</summary>
    IsInfinite,

    /// <summary>Whether x is not a number.</summary>
    IsNaN,

    /// <summary>x for x ≥ 0, else αx.</summary>
    LeakyRelu,

    /// <summary>Natural logarithm.</summary>
    Log,

    /// <summary>x · tanh(log(1 + exp(x))).</summary>
    Mish,

    /// <summary>−x.</summary>
    Neg,

    /// <summary>Logical not.</summary>
    Not,

    /// <summary>1/x.</summary>
    Reciprocal,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>Rounded to the nearest integer, halves to the even one.</summary>
    Round,

    /// <summary>α · tanh(βx).</summary>
    ScaledTanh,

    /// <summary>βx for x &gt; 0, else β·α(exp(x) − 1).</summary>
    Selu,

    /// <summary>x − α for x &gt; β, x + α for x &lt; −β, else 0.</summary>
    Shrink,

    /// <summary>1/(1 + exp(−x)).</summary>
    Sigmoid,

    /// <summary>−1, 0 or 1.</summary>
    Sign,

    /// <summary>Sine.</summary>
    Sin,

    /// <summary>Hyperbolic sine.</summary>
    Sinh,

    /// <summary>log(1 + exp(x)).</summary>
    Softplus,

    /// <summary>x/(1 + |x|).</summary>
    Softsign,

    /// <summary>Square root.</summary>
    Sqrt,

    /// <summary>x/(1 + exp(−αx)).</summary>
    Swish,

    /// <summary>Tangent.</summary>
    Tan,

    /// <summary>Hyperbolic tangent.</summary>
    Tanh,

    /// <summary>x for x &gt; α, else 0.</summary>
    ThresholdedRelu,
}

/// <summary>An element-wise function of one tensor.</summary>
/// <param name="Function">Which function.</param>
/// <param name="Alpha">First parameter of the functions that have one.</param>
/// <param name="Beta">Second parameter of the functions that have one.</param>
public sealed record Unary(UnaryFunction Function, float Alpha = 0, float Beta = 0) : Operator, IElementwiseOperator
{
    /// <inheritdoc/>
    public override string Name => Function.ToString();

    /// <inheritdoc/>
    public PermutedOperator WithPermutedAxes(EquatableArray<int> permutation) => new(this, permutation);

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        switch (Function)
        {
            case UnaryFunction.Not:
                context.Require(0, ElementType.Bool);
                break;
            case UnaryFunction.BitwiseNot:
                context.Require(0, ElementwiseRules.Integers);
                break;
            case UnaryFunction.Abs or UnaryFunction.Neg or UnaryFunction.Relu or UnaryFunction.Sign:
                context.Require(0, ElementwiseRules.Numbers);
                break;
            default:
                context.Require(0, ElementwiseRules.Floats);
                break;
        }

        return Function is UnaryFunction.IsInfinite or UnaryFunction.IsNaN ? [new(ElementType.Bool, context.Shape(0))] : [context.Type(0)];
    }
}
