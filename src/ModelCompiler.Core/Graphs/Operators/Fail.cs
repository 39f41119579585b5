namespace ModelCompiler.Graphs.Operators;

/// <summary>Throws: stands for a branch that cannot run on the shapes that the network is compiled for.</summary>
/// <param name="Message">What is wrong.</param>
/// <param name="Types">Types of the outputs, which are never written.</param>
public sealed record Fail(string Message, EquatableArray<TensorType> Types) : Operator
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context) => [.. Types];
}
