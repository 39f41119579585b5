using System.Globalization;
using ModelCompiler.Compression.Data;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression;

/// <summary>How well a network does on items, run in two ways, and how far the two agree.</summary>
/// <param name="RightOurs">How many items the compiled network gets right; null where items have no classes.</param>
/// <param name="RightOracle">How many the oracle gets right.</param>
/// <param name="DifferentPredictions">To how many items the two give different classes.</param>
/// <param name="SquaredErrorOurs">Mean squared error of the compiled network's first output; null where items have no targets but classes, or none.</param>
/// <param name="SquaredErrorOracle">That of the oracle.</param>
/// <param name="OutputDifference"><see cref="OutputError"/> of the compiled network against the oracle; null where items have classes.</param>
public sealed record PredictionQuality(
    int? RightOurs,
    int? RightOracle,
    int? DifferentPredictions,
    double? SquaredErrorOurs,
    double? SquaredErrorOracle,
    double? OutputDifference
)
{
    /// <summary>Runs both over all items.</summary>
    /// <param name="ours">The compiled network.</param>
    /// <param name="oracle">ONNX Runtime.</param>
    /// <param name="inputs">Gives an item as the network's inputs.</param>
    /// <param name="items">The items.</param>
    /// <param name="cancellation">Stops between two items.</param>
    /// <exception cref="CompressionException">The network's first output is not what the items' classes or targets need.</exception>
    public static PredictionQuality Of(
        Func<IReadOnlyList<NamedTensor>, IReadOnlyList<NamedTensor>> ours,
        Func<IReadOnlyList<NamedTensor>, IReadOnlyList<NamedTensor>> oracle,
        ItemInputs inputs,
        DataItems items,
        CancellationToken cancellation = default
    )
    {
        if (items.Labels is { } labels)
        {
            var a = ClassificationAccuracy.Predict(ours, inputs, items.Count, cancellation);
            var b = ClassificationAccuracy.Predict(oracle, inputs, items.Count, cancellation);
            return new(
                ClassificationAccuracy.Right(a, labels),
                ClassificationAccuracy.Right(b, labels),
                a.Zip(b).Count(p => p.First != p.Second),
                null,
                null,
                null
            );
        }

        var results = new List<(IReadOnlyList<NamedTensor> Ours, IReadOnlyList<NamedTensor> Oracle)>(items.Count);
        for (var i = 0; i < items.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var input = inputs(i);
            results.Add((ours(input), oracle(input)));
        }

        var hasTargets = items.TargetType is not null;
        return new(
            null,
            null,
            null,
            hasTargets ? SquaredError(results.Select(r => r.Ours[0]), items) : null,
            hasTargets ? SquaredError(results.Select(r => r.Oracle[0]), items) : null,
            OutputError.Of(results.SelectMany(r => r.Oracle), results.SelectMany(r => r.Ours))
        );
    }

    /// <summary>Mean of the squared differences between an output and the items' targets.</summary>
    /// <exception cref="CompressionException">They have different numbers of elements.</exception>
    public static double SquaredError(IEnumerable<NamedTensor> outputs, DataItems items)
    {
        var (sum, count) = (0.0, 0L);
        foreach (var (output, item) in outputs.Select((o, i) => (o, i)))
        {
            var given = output.Elements as float[] ?? throw new CompressionException("the first output of a network must be float32");
            var target = items.Target(item);
            var wanted = target as float[] ?? [.. target.Cast<object>().Select(t => Convert.ToSingle(t, CultureInfo.InvariantCulture))];
            if (given.Length != wanted.Length)
            {
                throw new CompressionException(
                    $"the network's first output '{output.Name}' is {output.Type}, but what the data want of it is {items.TargetType}"
                );
            }

            var distance = (double)System.Numerics.Tensors.TensorPrimitives.Distance<float>(given, wanted);
            (sum, count) = (sum + (distance * distance), count + given.Length);
        }

        return sum / count;
    }
}
