using ModelCompiler.Compression.Data;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression;

/// <summary>
/// How much worse a changed model is than the original, run by ONNX Runtime: the part of labelled items that it no longer gets right or,
/// without labels, how far its outputs have moved.
/// </summary>
public sealed class ModelDrop
{
    private readonly Func<byte[], CancellationToken, double> _drop;

    private ModelDrop(Func<byte[], CancellationToken, double> drop) => _drop = drop;

    /// <summary>Number of labelled items; null where there are no labels.</summary>
    public int? Items { get; private init; }

    /// <summary>How many items the original gets right.</summary>
    public int Right { get; private init; }

    /// <summary>Measures accuracy: a drop of 0.01 is one item in a hundred.</summary>
    /// <param name="original">The model to compare with.</param>
    /// <param name="inputs">Its inputs for one item.</param>
    /// <param name="items">Items with labels.</param>
    /// <param name="cancellation">Stops between two items.</param>
    /// <exception cref="CompressionException">The items do not fit the model.</exception>
    public static ModelDrop OfAccuracy(
        byte[] original,
        IReadOnlyList<ModelPort> inputs,
        DataItems items,
        CancellationToken cancellation = default
    )
    {
        var right = ClassificationAccuracy.Right(original, inputs, items, cancellation);
        return new ModelDrop((model, stop) => (right - ClassificationAccuracy.Right(model, inputs, items, stop)) / (double)items.Count)
        {
            Items = items.Count,
            Right = right,
        };
    }

    /// <summary>Measures <see cref="OutputError"/> over all samples.</summary>
    /// <exception cref="CompressionException">There are no samples.</exception>
    public static ModelDrop OfOutputs(byte[] original, IReadOnlyList<IReadOnlyList<NamedTensor>> samples)
    {
        if (samples.Count == 0)
        {
            throw new CompressionException("there are no samples to measure with");
        }

        using var oracle = new OnnxRuntimeOracle(original);
        var expected = samples.Select(s => oracle.Run(s)).ToList();
        return new ModelDrop(
            (model, stop) =>
            {
                using var changed = new OnnxRuntimeOracle(model);
                return OutputError.Of(
                    expected.SelectMany(e => e),
                    samples.SelectMany(s =>
                    {
                        stop.ThrowIfCancellationRequested();
                        return changed.Run(s);
                    })
                );
            }
        );
    }

    /// <summary>The drop of a changed model.</summary>
    public double Of(byte[] model, CancellationToken cancellation = default) => _drop(model, cancellation);
}
