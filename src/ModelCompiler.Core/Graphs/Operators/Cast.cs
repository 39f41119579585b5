using ModelCompiler.Diagnostics;

namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// Converts to another element type (ONNX Cast, opset 6 to 25): floats become integers by truncation towards zero, floats of fewer
/// bits by rounding to the nearest, ties to even; integers wrap around; bool is 0 or 1, and everything but 0 is true. Floats beyond
/// the range of the integer type have no defined result.
/// </summary>
/// <param name="To">Element type of the output.</param>
/// <param name="Saturate">
/// Whether numbers beyond the largest of an 8-bit float become that; else they become infinity or NaN. Of no meaning for other types.
/// </param>
/// <param name="Rounding">How numbers become powers of two, where the output is <see cref="ElementType.Float8E8M0"/>.</param>
public sealed record Cast(ElementType To, bool Saturate = true, PowerRounding Rounding = PowerRounding.Up) : Operator, IElementwiseOperator
{
    /// <inheritdoc/>
    public PermutedOperator WithPermutedAxes(EquatableArray<int> permutation) => new(this, permutation);

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementwiseRules.Held);
        return ElementwiseRules.Held.Contains(To)
            ? [new(To, context.Shape(0))]
            : throw new ProblemException(
                ProblemKinds.UnsupportedForm,
                $"a cast to {To} is not supported; supported: {string.Join(", ", ElementwiseRules.Held)}"
            );
    }
}
