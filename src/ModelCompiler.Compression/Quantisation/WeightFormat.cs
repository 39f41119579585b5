namespace ModelCompiler.Compression.Quantisation;

/// <summary>How the weights of a layer become integers.</summary>
/// <param name="Bits">Bits of a weight, 8 or 4.</param>
/// <param name="Scaling">Which weights share a scale.</param>
/// <param name="IsAsymmetric">Whether the integers are spread from the lowest weight to the highest; with one scale a layer only.</param>
/// <param name="Rule">Which integer stands for a weight. Truncated weights have one scale a layer.</param>
internal sealed record WeightFormat(
    int Bits = 8,
    WeightScaling Scaling = WeightScaling.Channel,
    bool IsAsymmetric = false,
    QuantisationRule Rule = QuantisationRule.Nearest
)
{
    /// <summary>Highest integer.</summary>
    public int Highest => (1 << (Bits - 1)) - 1;

    /// <summary>Lowest integer: symmetric weights do without the one whose opposite is not there.</summary>
    public int Lowest => IsAsymmetric || Rule == QuantisationRule.Truncate ? -Highest - 1 : -Highest;

    /// <summary>Whether all weights of a layer have one scale.</summary>
    public bool HasOneScale => Scaling == WeightScaling.Tensor || Rule == QuantisationRule.Truncate;
}
