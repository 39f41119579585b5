using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Quantisation;

/// <summary>A quantised model.</summary>
/// <param name="Model">Content of the ONNX file.</param>
/// <param name="IntegerNodes">Number of nodes that compute in integers, by operator.</param>
/// <param name="FloatNodes">Convolutions and matrix products that stay in float, with the reason.</param>
public sealed record QuantisedModel(byte[] Model, IReadOnlyDictionary<string, int> IntegerNodes, IReadOnlyList<FloatNode> FloatNodes);

/// <summary>
/// Post-training quantisation: weights symmetric for each output channel, where nothing else is asked for, activations by the ranges seen
/// on calibration samples, written as QuantizeLinear and DequantizeLinear around the float operators.
/// </summary>
public static class PostTrainingQuantisation
{
    /// <summary>Quantises a float model.</summary>
    /// <param name="source">The float model.</param>
    /// <param name="samples">
    /// Calibration inputs, each with one tensor an input of the model; read again where biases are corrected or rounding is learned.
    /// </param>
    /// <param name="options">Choices of the user.</param>
    /// <param name="progress">Told after every sample.</param>
    /// <param name="cancellation">Stops between two samples.</param>
    /// <exception cref="CompressionException">The model or the samples cannot be used.</exception>
    public static QuantisedModel Run(
        ModelSource source,
        IEnumerable<IReadOnlyList<NamedTensor>> samples,
        QuantisationOptions options,
        Action? progress = null,
        CancellationToken cancellation = default
    ) => CalibratedModel.Of(source, samples, options, progress, cancellation).Quantise(options, progress, cancellation);
}
