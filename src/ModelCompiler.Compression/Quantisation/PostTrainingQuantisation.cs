using Google.Protobuf;
using ModelCompiler.Compression.Calibration;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Quantisation;

/// <summary>How numbers become integers.</summary>
public enum QuantisationRule
{
    /// <summary>Scales that fit the ranges, and the nearest integer.</summary>
    Nearest,

    /// <summary>
    /// Fixed point, as a baseline: scales are powers of two, one for all weights of a layer, and bits of weights beyond the last one are cut off.
    /// </summary>
    Truncate,
}

/// <summary>Choices of the user.</summary>
/// <param name="SignedActivations">Activations as signed integers rather than unsigned ones.</param>
/// <param name="Ranges">How the ranges that samples give to activations become one.</param>
/// <param name="Percentile">Share of the magnitudes, in percent, that <see cref="RangeRule.Percentile"/> keeps.</param>
/// <param name="WeightBits">Bits of a weight, 8 or 4.</param>
/// <param name="ActivationBits">Bits of an activation, 8 or 16.</param>
/// <param name="CorrectBias">Whether biases make up for the mean error of quantised weights over the samples.</param>
/// <param name="Rule">How numbers become integers.</param>
public sealed record QuantisationOptions(
    bool SignedActivations = false,
    RangeRule Ranges = RangeRule.MinMax,
    double Percentile = 99.99,
    int WeightBits = 8,
    int ActivationBits = 8,
    bool CorrectBias = false,
    QuantisationRule Rule = QuantisationRule.Nearest
)
{
    /// <summary>The first opset whose QuantizeLinear and DequantizeLinear have these integers, and scales for each channel.</summary>
    internal long Opset => WeightBits == 8 && ActivationBits == 8 ? 13 : 21;

    /// <summary>How the integers of activations are spread over a range.</summary>
    internal AffineScale ScaleOf(ValueRange range) =>
        Rule == QuantisationRule.Truncate
            ? AffineScale.PowerOfTwo(range, SignedActivations, ActivationBits)
            : AffineScale.Of(range, SignedActivations, ActivationBits);
}

/// <summary>A quantised model.</summary>
/// <param name="Model">Content of the ONNX file.</param>
/// <param name="IntegerNodes">Number of nodes that compute in integers, by operator.</param>
/// <param name="FloatNodes">Convolutions and matrix products that stay in float, with the reason.</param>
public sealed record QuantisedModel(byte[] Model, IReadOnlyDictionary<string, int> IntegerNodes, IReadOnlyList<FloatNode> FloatNodes);

/// <summary>
/// Post-training quantisation: weights symmetric for each output channel, activations by the ranges seen on
/// calibration samples, written as QuantizeLinear and DequantizeLinear around the float operators.
/// </summary>
public static class PostTrainingQuantisation
{
    /// <summary>Quantises a float model.</summary>
    /// <param name="source">The float model.</param>
    /// <param name="samples">Calibration inputs, each with one tensor an input of the model; read twice where biases are corrected.</param>
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
    )
    {
        if (options.WeightBits is not (4 or 8) || options.ActivationBits is not (8 or 16))
        {
            throw new CompressionException(
                $"weights of {options.WeightBits} bits and activations of {options.ActivationBits}: weights have 4 or 8 bits, activations 8 or 16"
            );
        }

        var model = OnnxModel.Read(source);
        if (model.Graph.Node.Any(n => n.OpType is "QuantizeLinear" or "DequantizeLinear"))
        {
            throw new CompressionException($"{source.Path}: the model is quantised already");
        }

        ConstantNodes.Apply(model);
        ComputedWeights.Fold(model);
        BatchNormalizationFolding.Apply(model);
        var statistics = RangeCalibration.Run(
            model,
            samples,
            new RangeOptions(options.Ranges, options.Percentile, AffineScale.StepsOf(options.ActivationBits)),
            progress,
            cancellation
        );
        OpsetUpgrade.Apply(model, source.Path, value => statistics.GetValueOrDefault(value)?.Rank, options.Opset);
        MatMulBias.Apply(model, statistics);
        if (options.CorrectBias)
        {
            BiasCorrection.AddBiases(model, statistics);
        }

        var plan = QuantisationPlan.Of(model, statistics);
        if (options.CorrectBias)
        {
            BiasCorrection.Apply(model, plan, options, samples, progress, cancellation);
        }

        var integerNodes = model
            .Graph.Node.Where(plan.IsQuantised)
            .GroupBy(n => n.OpType, StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Count());
        new QdqWriter(model, plan, options).Write();
        // Shapes and types recorded for values in between may no longer fit.
        model.Graph.ValueInfo.Clear();
        return new QuantisedModel(model.Proto.ToByteArray(), integerNodes, plan.FloatNodes);
    }
}
