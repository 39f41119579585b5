using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Compression.Quantisation;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Calibration;

/// <summary>What was seen of a value while the float model ran on the samples.</summary>
/// <param name="Range">Lowest and highest element.</param>
/// <param name="Rank">Number of dimensions.</param>
public sealed record ValueStatistics(ValueRange Range, int Rank);

/// <summary>Runs a float model on samples and records the range of the float32 values that quantisation may touch.</summary>
public static class RangeCalibration
{
    /// <summary>Runs the model.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="samples">Inputs, each with one tensor an input of the model.</param>
    /// <param name="options">How what samples give becomes one range.</param>
    /// <param name="progress">Told after every sample.</param>
    /// <param name="cancellation">Stops between two samples.</param>
    /// <returns>The statistics of each float32 value by name.</returns>
    /// <exception cref="CompressionException">There are no samples, or a value is not finite.</exception>
    public static IReadOnlyDictionary<string, ValueStatistics> Run(
        OnnxModel model,
        IEnumerable<IReadOnlyList<NamedTensor>> samples,
        RangeOptions options,
        Action? progress = null,
        CancellationToken cancellation = default
    )
    {
        var found = new Dictionary<string, RangeObserver>(StringComparer.Ordinal);
        // Without rewriting, else fused nodes would hide what lies between them.
        using var network = new OnnxRuntimeOracle(WithValuesAsOutputs(model), GraphOptimizationLevel.ORT_DISABLE_ALL);
        var count = 0;
        foreach (var sample in samples)
        {
            cancellation.ThrowIfCancellationRequested();
            count++;
            foreach (var value in sample.Concat(network.Run(sample)))
            {
                if (value.Elements is float[] elements)
                {
                    if (!found.TryGetValue(value.Name, out var observer))
                    {
                        observer = new RangeObserver(options, value.Type.Shape.Rank);
                        found.Add(value.Name, observer);
                    }

                    observer.Add(elements);
                }
            }

            progress?.Invoke();
        }

        return count == 0
            ? throw new CompressionException("there are no calibration samples")
            : found.ToDictionary(v => v.Key, v => v.Value.Statistics(v.Key), StringComparer.Ordinal);
    }

    private static byte[] WithValuesAsOutputs(OnnxModel model)
    {
        var observed = model.Proto.Clone();
        var present = observed.Graph.Output.Concat(observed.Graph.Input).Select(o => o.Name).ToHashSet(StringComparer.Ordinal);
        var values = model
            .Graph.Node.Where(n => OperatorRoles.Of(n) != OperatorRole.Float)
            .SelectMany(n =>
                OperatorRoles.DataInputs(n).Where(i => i < n.Input.Count).Select(i => n.Input[i]).Concat(OperatorRoles.DataOutputs(n))
            )
            .Where(v => v.Length > 0 && model.Constant(v) is null);
        foreach (var value in values.Where(present.Add))
        {
            // Without a type: ONNX Runtime infers it.
            observed.Graph.Output.Add(new ValueInfoProto { Name = value });
        }

        return observed.ToByteArray();
    }
}
