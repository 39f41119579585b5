using Google.Protobuf;
using ModelCompiler.Compression.Calibration;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Quantisation;

/// <summary>A float model that was run on samples, so that it can be quantised in several ways.</summary>
public sealed class CalibratedModel
{
    private readonly ModelSource _prepared;
    private readonly IEnumerable<IReadOnlyList<NamedTensor>> _samples;
    private readonly IReadOnlyDictionary<string, ValueStatistics> _statistics;

    private CalibratedModel(
        ModelSource prepared,
        IEnumerable<IReadOnlyList<NamedTensor>> samples,
        IReadOnlyDictionary<string, ValueStatistics> statistics
    )
    {
        (_prepared, _samples, _statistics) = (prepared, samples, statistics);
        var model = OnnxModel.Read(prepared);
        var plan = QuantisationPlan.Of(model, statistics);
        Layers = [.. model.Graph.Node.Where(n => plan.Weights(n) is not null).Select(WeightTensor.NameOf)];
    }

    /// <summary>Names of the convolutions and matrix products whose weights become integers, in the order of the model.</summary>
    public IReadOnlyList<string> Layers { get; }

    /// <summary>Runs a float model on samples.</summary>
    /// <param name="source">The float model.</param>
    /// <param name="samples">Calibration inputs, each with one tensor an input of the model; read again by some methods.</param>
    /// <param name="options">Choices of the user; here those about ranges, bits of activations and equalisation count.</param>
    /// <param name="progress">Told after every sample.</param>
    /// <param name="cancellation">Stops between two samples.</param>
    /// <exception cref="CompressionException">The model or the samples cannot be used.</exception>
    public static CalibratedModel Of(
        ModelSource source,
        IEnumerable<IReadOnlyList<NamedTensor>> samples,
        QuantisationOptions options,
        Action? progress = null,
        CancellationToken cancellation = default
    )
    {
        options.Check();
        var model = OnnxModel.Read(source);
        if (model.Graph.Node.Any(n => n.OpType is "QuantizeLinear" or "DequantizeLinear"))
        {
            throw new CompressionException($"{source.Path}: the model is quantised already");
        }

        ConstantNodes.Apply(model);
        ComputedWeights.Fold(model);
        BatchNormalizationFolding.Apply(model);
        if (options.Equalise)
        {
            CrossLayerEqualisation.Apply(model, source.Path, options.Compile);
        }

        var ranges = new RangeOptions(options.Ranges, options.Percentile, AffineScale.StepsOf(options.ActivationBits), options.Momentum);
        var statistics = RangeCalibration.Run(model, samples, ranges, progress, cancellation);
        MatMulBias.Apply(model, statistics);
        return new(source with { Bytes = model.Proto.ToByteArray() }, samples, statistics);
    }

    /// <summary>Quantises the model.</summary>
    /// <param name="options">Choices of the user; those about ranges, bits of activations and equalisation as they were before.</param>
    /// <param name="progress">Told after every sample.</param>
    /// <param name="cancellation">Stops between two samples.</param>
    /// <exception cref="CompressionException">The options contradict each other.</exception>
    public QuantisedModel Quantise(QuantisationOptions options, Action? progress = null, CancellationToken cancellation = default)
    {
        options.Check();
        var model = OnnxModel.Read(_prepared);
        OpsetUpgrade.Apply(model, _prepared.Path, value => _statistics.GetValueOrDefault(value)?.Rank, options.Opset);
        if (options.CorrectBias)
        {
            BiasCorrection.AddBiases(model, _statistics);
        }

        var plan = QuantisationPlan.Of(model, _statistics);
        var layers = QuantisedLayers.Of(model, plan, options);
        if (options.Rounding is not null)
        {
            LayerRounding.Apply(model, _statistics, layers, options, _samples, progress, cancellation);
        }

        if (options.CorrectBias)
        {
            BiasCorrection.Apply(model, layers, _samples, progress, cancellation);
        }

        var integerNodes = model
            .Graph.Node.Where(plan.IsQuantised)
            .GroupBy(n => n.OpType, StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Count());
        new QdqWriter(model, plan, layers, options).Write();
        // Shapes and types recorded for values in between may no longer fit.
        model.Graph.ValueInfo.Clear();
        return new QuantisedModel(model.Proto.ToByteArray(), integerNodes, plan.FloatNodes);
    }
}
