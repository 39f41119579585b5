namespace ModelCompiler.Compression.Search;

/// <summary>What a compiled model costs a device.</summary>
/// <param name="Macs">Multiply-accumulate operations of one prediction.</param>
/// <param name="WeightBytes">Bytes of weights as they are baked into the binary.</param>
/// <param name="ArenaBytes">Bytes of working memory.</param>
public sealed record ModelSize(long Macs, long WeightBytes, long ArenaBytes)
{
    /// <summary>The objective: the mean of the shares of a baseline's operations and of its bytes of weights; 1 for the baseline itself.</summary>
    public double Against(ModelSize baseline) => (Share(Macs, baseline.Macs) + Share(WeightBytes, baseline.WeightBytes)) / 2;

    // What the baseline has nothing of, a model that has none of it either is as good at.
    private static double Share(long value, long whole) => whole == 0 && value == 0 ? 1 : value / (double)Math.Max(whole, 1);
}
