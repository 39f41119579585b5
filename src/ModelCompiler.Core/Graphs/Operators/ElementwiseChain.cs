namespace ModelCompiler.Graphs.Operators;

/// <summary>One function of an <see cref="ElementwiseChain"/>.</summary>
/// <param name="Operator">An element-wise operator of one output.</param>
/// <param name="Operands">What it is applied to: the chain's inputs are numbered first, then the results of its steps.</param>
public sealed record ElementwiseStep(Operator Operator, EquatableArray<int> Operands);

/// <summary>Several element-wise operators in one; made by a pass, never imported. The last step is the output.</summary>
/// <param name="Steps">The operators, each after those whose results it takes.</param>
public sealed record ElementwiseChain(EquatableArray<ElementwiseStep> Steps) : Operator, IElementwiseOperator
{
    /// <inheritdoc/>
    public override string Name => string.Join("+", Steps.Select(s => s.Operator.Name));

    /// <inheritdoc/>
    public PermutedOperator WithPermutedAxes(EquatableArray<int> permutation) => new(this, permutation);

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        var values = Enumerable.Range(0, context.Count).Select(context.Type).Select(type => new Value("", type)).ToList();
        foreach (var step in Steps)
        {
            var operands = step.Operands.Select(operand => (Value?)values[operand]).ToArray();
            values.Add(new Value("", step.Operator.Infer(new InferenceContext(operands))[0]));
        }

        return [values[values.Count - 1].Type];
    }
}
