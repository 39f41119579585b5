namespace ModelCompiler.Graphs.Operators;

/// <summary>The function of one variable that <see cref="Unary"/> applies to every element.</summary>
public enum UnaryFunction
{
    /// <summary>max(x, 0).</summary>
    Relu,
}

/// <summary>An element-wise function of one tensor; the output has the input's type.</summary>
/// <param name="Function">Which function.</param>
/// <param name="Alpha">First parameter of the functions that have one.</param>
/// <param name="Beta">Second parameter of the functions that have one.</param>
public sealed record Unary(UnaryFunction Function, float Alpha = 0, float Beta = 0) : Operator
{
    /// <inheritdoc/>
    public override string Name => Function.ToString();

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context) => [context.Type(0)];
}
