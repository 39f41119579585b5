using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>Requantisation of whole vectors.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Multipliers">One for each packed channel; null where one serves all.</param>
/// <param name="MayExceedInt32">
/// Whether an accumulator times its multiplier may reach 2³¹, beyond which the conversion to integers gives the lowest one.
/// </param>
internal sealed record VectorRequantization(Requantization Rule, PackedWeights? Multipliers, bool MayExceedInt32)
{
    public static VectorRequantization Pack(Int8Source source, int[] channels, Node node, LoweringContext context)
    {
        var rule = source.Output!;
        var multipliers = channels.Select(c => c < 0 ? 0 : rule.Multipliers[rule.Multipliers.Count > 1 ? c : 0]).ToArray();
        var uniform = rule.Multipliers.Distinct().Count() == 1;
        return new(
            rule,
            uniform ? null : context.AddWeights<float>(node, "multipliers", ElementType.Float32, multipliers),
            Enumerable
                .Range(0, source.Outputs)
                .Any(c =>
                    source.LargestSum(c) * (double)Math.Abs(rule.Multipliers[rule.Multipliers.Count > 1 ? c : 0]) >= int.MaxValue - 256
                )
        );
    }
}
