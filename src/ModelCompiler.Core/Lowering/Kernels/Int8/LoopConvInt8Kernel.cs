using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>
/// Integer convolution as plain loops: any number of dimensions, groups, dilations, layouts and zero points. Slow, exact, and for
/// whatever no other kernel serves.
/// </summary>
/// <param name="Input">Shape of x.</param>
/// <param name="Output">Shape of the output.</param>
/// <param name="Convolution">Attributes of the convolution.</param>
/// <param name="Weights">w − zero point as Int16, in the order [M, taps, C / group].</param>
/// <param name="Bias">Int32 bias [M]; null where there is none.</param>
/// <param name="Stage">From accumulators to outputs.</param>
internal sealed record LoopConvInt8Kernel(
    TensorShape Input,
    TensorShape Output,
    QuantizedConv Convolution,
    PackedWeights Weights,
    PackedWeights? Bias,
    ScalarRequantization? Stage
) : Kernel
{
    public override string Describe() =>
        $"convolution {Convolution.Window.Kernel} as loops, int8, {Input} → {Output}{(Convolution.Group > 1 ? $" in {Convolution.Group} groups" : "")}";

    public static LoweredNode Lower(QuantizedConv op, Node node, LoweringContext context)
    {
        var weights = CentredWeights.OfConvolution(op, node);
        return new(
            new LoopConvInt8Kernel(
                node.Input(0).Shape,
                node.Output.Shape,
                op,
                context.AddWeights<short>(node, "weights", ElementType.Int16, weights.Count, weights.CopyTo),
                node.HasInput(2) ? context.AddWeights(node, "bias", ElementType.Int32, node.Input(2).Constant!.As<int>()) : null,
                op.Output is { } output ? ScalarRequantization.Pack(output, node, context) : null
            ),
            (Value[])[node.Input(0)]
        );
    }
}

/// <summary>Requantisation one element at a time.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Multipliers">The multipliers where every channel has its own; null where one serves all.</param>
internal sealed record ScalarRequantization(Requantization Rule, PackedWeights? Multipliers)
{
    public static ScalarRequantization Pack(Requantization rule, Node node, LoweringContext context) =>
        new(
            rule,
            rule.Multipliers.Distinct().Skip(1).Any()
                ? context.AddWeights<float>(node, "multipliers", ElementType.Float32, rule.Multipliers.ToArray())
                : null
        );
}
