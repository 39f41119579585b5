namespace ModelCompiler.Graphs;

/// <summary>
/// An operator that can as well work on transposed inputs, for example one that is element-wise or has its axes as attributes.
/// Implement it, and transpositions (of the channels-last layout above all) are moved through the operator until they cancel.
/// </summary>
public interface ILayoutAgnostic
{
    /// <summary>
    /// The same computation for inputs before a transposition. Where x = Transpose(z, permutation), so that dimension i of x is
    /// dimension permutation[i] of z: op(x) = Transpose(result.Operator(z), result.OutputPermutation).
    /// </summary>
    /// <param name="permutation">The transposition of the inputs; its length is the rank of the input with the most dimensions.</param>
    /// <returns>Null where this form of the operator cannot be moved.</returns>
    PermutedOperator? WithPermutedAxes(EquatableArray<int> permutation);
}

/// <summary>An operator for inputs whose dimensions stand in another order.</summary>
/// <param name="Operator">What to apply.</param>
/// <param name="OutputPermutation">The transposition that each output needs afterwards.</param>
/// <param name="Inputs">
/// How many of the first inputs have the axes that were permuted; the others (scales, bounds) stay as they are. All by default.
/// Those of lower rank are aligned at the end first, as broadcasting has it.
/// </param>
public sealed record PermutedOperator(Operator Operator, EquatableArray<int> OutputPermutation, int Inputs = int.MaxValue);
