using ModelCompiler.Compression.Data;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression;

/// <summary>Counts how many items a classifier gets right.</summary>
public static class ClassificationAccuracy
{
    /// <summary>The class that a network gives each item: the first of the highest scores of its first output.</summary>
    /// <param name="run">Runs the network.</param>
    /// <param name="inputs">Gives an item as the network's inputs.</param>
    /// <param name="count">Number of items.</param>
    /// <param name="cancellation">Stops between two items.</param>
    /// <exception cref="CompressionException">The network gives no scores.</exception>
    public static int[] Predict(
        Func<IReadOnlyList<NamedTensor>, IReadOnlyList<NamedTensor>> run,
        ItemInputs inputs,
        int count,
        CancellationToken cancellation = default
    )
    {
        var classes = new int[count];
        for (var i = 0; i < classes.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            classes[i] = run(inputs(i))[0].Elements is float[] scores
                ? Highest(scores)
                : throw new CompressionException("the first output of a classifier must be float32");
        }

        return classes;
    }

    /// <summary>How many predictions are the items' labels.</summary>
    public static int Right(IReadOnlyList<int> predictions, IReadOnlyList<long> labels) =>
        predictions.Zip(labels).Count(p => p.First == p.Second);

    /// <summary>How many items a model gets right, run by ONNX Runtime.</summary>
    /// <param name="model">Content of an ONNX file.</param>
    /// <param name="inputs">The inputs of one item.</param>
    /// <param name="items">Items with labels.</param>
    /// <param name="cancellation">Stops between two items.</param>
    /// <exception cref="CompressionException">The items do not fit the model, or it is no classifier of them.</exception>
    public static int Right(byte[] model, IReadOnlyList<ModelPort> inputs, DataItems items, CancellationToken cancellation = default)
    {
        using var oracle = new OnnxRuntimeOracle(model);
        return Right(Predict(i => oracle.Run(i), items.For(inputs), items.Count, cancellation), items.Labels!);
    }

    private static int Highest(ReadOnlySpan<float> scores) => System.Numerics.Tensors.TensorPrimitives.IndexOfMax(scores);
}
