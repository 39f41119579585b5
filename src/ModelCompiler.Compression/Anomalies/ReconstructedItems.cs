using ModelCompiler.Compression.Data;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Anomalies;

/// <summary>The errors with which a network gives back items, run in two ways, and how far the two agree.</summary>
/// <param name="Ours">The error of each item by the compiled network.</param>
/// <param name="Oracle">Those by ONNX Runtime.</param>
/// <param name="OutputDifference"><see cref="OutputError"/> of the compiled network against ONNX Runtime.</param>
public sealed record ReconstructedItems(IReadOnlyList<double> Ours, IReadOnlyList<double> Oracle, double OutputDifference)
{
    /// <summary>Runs both over all items.</summary>
    /// <param name="ours">The compiled network.</param>
    /// <param name="oracle">ONNX Runtime.</param>
    /// <param name="inputs">Gives an item as the network's input.</param>
    /// <param name="count">Number of items.</param>
    /// <param name="error">The error of an item.</param>
    /// <param name="cancellation">Stops between two items.</param>
    public static ReconstructedItems Of(
        Func<IReadOnlyList<NamedTensor>, IReadOnlyList<NamedTensor>> ours,
        Func<IReadOnlyList<NamedTensor>, IReadOnlyList<NamedTensor>> oracle,
        ItemInputs inputs,
        int count,
        ReconstructionError error,
        CancellationToken cancellation = default
    )
    {
        var (a, b) = (new NamedTensor[count], new NamedTensor[count]);
        var (errorsA, errorsB) = (new double[count], new double[count]);
        for (var i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var input = inputs(i);
            (a[i], b[i]) = (ours(input)[0], oracle(input)[0]);
            (errorsA[i], errorsB[i]) = (error.Of(input[0], a[i]), error.Of(input[0], b[i]));
        }

        return new(errorsA, errorsB, OutputError.Of(b, a));
    }
}
