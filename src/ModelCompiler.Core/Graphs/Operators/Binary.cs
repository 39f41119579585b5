namespace ModelCompiler.Graphs.Operators;

/// <summary>The function of two variables that <see cref="Binary"/> applies to every pair of elements.</summary>
public enum BinaryFunction
{
    /// <summary>a + b; integers wrap around.</summary>
    Add,

    /// <summary>Logical and.</summary>
    And,

    /// <summary>a with its bits moved up by b; 0 where b is the width of the type or more.</summary>
    BitShiftLeft,

    /// <summary>a with its bits moved down by b; 0 where b is the width of the type or more.</summary>
    BitShiftRight,

    /// <summary>And of all bits.</summary>
    BitwiseAnd,

    /// <summary>Or of all bits.</summary>
    BitwiseOr,

    /// <summary>Exclusive or of all bits.</summary>
    BitwiseXor,

    /// <summary>a / b; integers are truncated towards zero.</summary>
    Div,

    /// <summary>a = b.</summary>
    Equal,

    /// <summary>The remainder with the sign of b.</summary>
    FloorMod,

    /// <summary>a &gt; b.</summary>
    Greater,

    /// <summary>a ≥ b.</summary>
    GreaterOrEqual,

    /// <summary>a &lt; b.</summary>
    Less,

    /// <summary>a ≤ b.</summary>
    LessOrEqual,

    /// <summary>The greater one; NaN where one is NaN.</summary>
    Max,

    /// <summary>The smaller one; NaN where one is NaN.</summary>
    Min,

    /// <summary>a · b; integers wrap around.</summary>
    Mul,

    /// <summary>Logical or.</summary>
    Or,

    /// <summary>a to the b.</summary>
    Pow,

    /// <summary>a for a ≥ 0, else a · b; b is broadcast to a, never the other way round.</summary>
    PRelu,

    /// <summary>The remainder with the sign of a, as in C#.</summary>
    Remainder,

    /// <summary>a − b; integers wrap around.</summary>
    Sub,

    /// <summary>Logical exclusive or.</summary>
    Xor,
}

/// <summary>An element-wise function of two tensors of one element type, which broadcast to each other.</summary>
/// <param name="Function">Which function.</param>
public sealed record Binary(BinaryFunction Function) : Operator, IElementwiseOperator
{
    /// <inheritdoc/>
    public override string Name => Function.ToString();

    /// <inheritdoc/>
    public PermutedOperator WithPermutedAxes(EquatableArray<int> permutation) => new(this, permutation);

    /// <summary>Whether the result is a truth value, whatever is compared.</summary>
    public bool IsComparison =>
        Function
            is BinaryFunction.Equal
                or BinaryFunction.Greater
                or BinaryFunction.GreaterOrEqual
                or BinaryFunction.Less
                or BinaryFunction.LessOrEqual;

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        var element = context.RequireSameElement();
        context.Require(0, AllowedElements());
        var shape = TensorShape.Broadcast(context.Shape(0), context.Shape(1));
        if (Function == BinaryFunction.PRelu && shape != context.Shape(0))
        {
            throw new ShapeException($"the slope {context.Shape(1)} does not broadcast to the input {context.Shape(0)}");
        }

        return [new(IsComparison ? ElementType.Bool : element, shape)];
    }

    private ElementType[] AllowedElements() =>
        Function switch
        {
            BinaryFunction.And or BinaryFunction.Or or BinaryFunction.Xor => [ElementType.Bool],
            BinaryFunction.BitwiseAnd
            or BinaryFunction.BitwiseOr
            or BinaryFunction.BitwiseXor
            or BinaryFunction.BitShiftLeft
            or BinaryFunction.BitShiftRight => ElementwiseRules.Integers,
            BinaryFunction.Equal => [ElementType.Bool, .. ElementwiseRules.Numbers],
            _ => ElementwiseRules.Numbers,
        };
}
