using ModelCompiler.Compression.Calibration;

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

/// <summary>Which weights share a scale.</summary>
public enum WeightScaling
{
    /// <summary>Those of an output channel.</summary>
    Channel,

    /// <summary>Those of a layer.</summary>
    Tensor,
}

/// <summary>Choices of the user.</summary>
public sealed record QuantisationOptions
{
    /// <summary>Activations as signed integers rather than unsigned ones.</summary>
    public bool SignedActivations { get; init; }

    /// <summary>How the ranges that samples give to activations become one.</summary>
    public RangeRule Ranges { get; init; } = RangeRule.MinMax;

    /// <summary>Share of the magnitudes, in percent, that <see cref="RangeRule.Percentile"/> keeps.</summary>
    public double Percentile { get; init; } = 99.99;

    /// <summary>What a sample's range still weighs after the next one, with <see cref="RangeRule.MovingAverage"/>; above 0, below 1.</summary>
    public double Momentum { get; init; } = 0.99;

    /// <summary>Bits of a weight, 8 or 4.</summary>
    public int WeightBits { get; init; } = 8;

    /// <summary>Bits of the weights of single layers, by the names in <see cref="CalibratedModel.Layers"/>; <see cref="WeightBits"/> for others.</summary>
    public IReadOnlyDictionary<string, int> LayerWeightBits { get; init; } = new Dictionary<string, int>();

    /// <summary>Which weights share a scale.</summary>
    public WeightScaling WeightScaling { get; init; }

    /// <summary>
    /// Whether the integers of weights are spread from the lowest weight to the highest, so that 0 is any of them, rather than
    /// symmetrically; with one scale a layer only, because ONNX Runtime takes zero points of channels only where they are the same.
    /// </summary>
    public bool AsymmetricWeights { get; init; }

    /// <summary>Bits of an activation, 8 or 16.</summary>
    public int ActivationBits { get; init; } = 8;

    /// <summary>Whether the ranges of channels are evened out between layers before all else (<see cref="CrossLayerEqualisation"/>).</summary>
    public bool Equalise { get; init; }

    /// <summary>How the model is compiled: equalisation follows shapes, and symbolic dimensions have their sizes from here.</summary>
    public CompileOptions Compile { get; init; } = new();

    /// <summary>Whether biases make up for the mean error of quantised weights over the samples.</summary>
    public bool CorrectBias { get; init; }

    /// <summary>How numbers become integers.</summary>
    public QuantisationRule Rule { get; init; } = QuantisationRule.Nearest;

    /// <summary>Chooses between the two integers around each weight; null for the nearer one.</summary>
    public IWeightRounding? Rounding { get; init; }

    /// <summary>The first opset whose QuantizeLinear and DequantizeLinear have these integers, and scales for each channel.</summary>
    internal long Opset => ActivationBits == 8 && WeightBits == 8 && LayerWeightBits.Values.All(b => b == 8) ? 13 : 21;

    /// <summary>How the integers of activations are spread over a range.</summary>
    internal AffineScale ScaleOf(ValueRange range) =>
        Rule == QuantisationRule.Truncate
            ? AffineScale.PowerOfTwo(range, SignedActivations, ActivationBits)
            : AffineScale.Of(range, SignedActivations, ActivationBits);

    /// <summary>How the weights of a layer become integers.</summary>
    internal WeightFormat FormatOf(string layer) =>
        new(LayerWeightBits.GetValueOrDefault(layer, WeightBits), WeightScaling, AsymmetricWeights, Rule);

    /// <summary>Refuses choices that contradict each other.</summary>
    /// <exception cref="CompressionException">They do; the message says which.</exception>
    internal void Check()
    {
        var bits = LayerWeightBits.Values.Append(WeightBits).FirstOrDefault(b => b is not (4 or 8), WeightBits);
        if (bits is not (4 or 8) || ActivationBits is not (8 or 16))
        {
            throw new CompressionException(
                $"weights of {bits} bits and activations of {ActivationBits}: weights have 4 or 8 bits, activations 8 or 16"
            );
        }

        if (AsymmetricWeights && WeightScaling != WeightScaling.Tensor)
        {
            throw new CompressionException("asymmetric weights need one scale a layer: ONNX Runtime takes one zero point for all channels");
        }

        if (Rule == QuantisationRule.Truncate && (AsymmetricWeights || Rounding is not null))
        {
            throw new CompressionException("truncation leaves no choice: weights are symmetric, and their last bits are cut off");
        }

        if (!(Momentum is > 0 and < 1))
        {
            throw new CompressionException($"the momentum of a moving average lies between 0 and 1; {Momentum} was given");
        }
    }
}
