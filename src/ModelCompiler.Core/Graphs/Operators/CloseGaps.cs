namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// Puts the valid elements of a tensor one behind the other, in its order, and zeros behind them. Inputs: the tensor, and how many
/// elements of one dimension are valid (an Int32 scalar).
/// </summary>
/// <param name="Axis">That dimension.</param>
public sealed record CloseGaps(int Axis) : Operator
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(1, ElementType.Int32);
        context.Shape(0).NormaliseAxis(Axis);
        return [context.Type(0)];
    }
}
