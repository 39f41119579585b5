using ModelCompiler.Compression.Data;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression;

/// <summary>Counts how many images a classifier gets right.</summary>
public static class ClassificationAccuracy
{
    /// <summary>The class that a network gives each image: the first of the highest scores of its first output.</summary>
    /// <param name="run">Runs the network.</param>
    /// <param name="input">How images get into it.</param>
    /// <param name="images">The images.</param>
    /// <param name="cancellation">Stops between two images.</param>
    public static int[] Predict(
        Func<IReadOnlyList<NamedTensor>, IReadOnlyList<NamedTensor>> run,
        ImageInput input,
        ImageSet images,
        CancellationToken cancellation = default
    )
    {
        var classes = new int[images.Count];
        for (var i = 0; i < classes.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            classes[i] = run(input.Sample(images.Image(i)))[0].Elements is float[] scores
                ? Highest(scores)
                : throw new CompressionException("the first output of a classifier must be float32");
        }

        return classes;
    }

    /// <summary>How many predictions are the images' labels.</summary>
    public static int Right(IReadOnlyList<int> predictions, ImageSet images) =>
        predictions.Zip(images.Labels).Count(p => p.First == p.Second);

    private static int Highest(ReadOnlySpan<float> scores) => System.Numerics.Tensors.TensorPrimitives.IndexOfMax(scores);
}
