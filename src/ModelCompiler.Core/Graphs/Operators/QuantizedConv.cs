namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// How 32-bit accumulators become 8-bit outputs: q = clamp(round-half-even(float(acc) · multiplier) + zero point, low, high),
/// all in float32 up to the rounding (ONNX Runtime's QLinearConv; see docs/numerics.md).
/// </summary>
/// <param name="Multipliers">
/// (x scale · w scale) / y scale, in float32 and in that order; one for all channels or one for each.
/// </param>
/// <param name="ZeroPoint">Zero point of the output.</param>
/// <param name="Element">Int8 or UInt8.</param>
/// <param name="Low">Lowest output: the type's, or higher where an activation is fused in.</param>
/// <param name="High">Highest output.</param>
public sealed record Requantization(EquatableArray<float> Multipliers, int ZeroPoint, ElementType Element, int Low, int High);

/// <summary>
/// Integer convolution (ONNX QLinearConv, ConvInteger, and DequantizeLinear → Conv → activation → QuantizeLinear).
/// Inputs: x (Int8 or UInt8), w (constant Int8 or UInt8 in ONNX's order [M, C/group, kernel…]), optional constant Int32 bias [M].
/// Exact 32-bit accumulation of (x − x zero point)(w − w zero point) + bias.
/// </summary>
/// <param name="Window">Kernel, strides, dilations, pads; padding counts as x's zero point.</param>
/// <param name="Group">Channel groups.</param>
/// <param name="Layout">Where the channels stand.</param>
/// <param name="InputZeroPoint">Zero point of x.</param>
/// <param name="WeightZeroPoints">Zero points of w: one, or one for each output channel.</param>
/// <param name="Output">Requantisation; null where the Int32 accumulators are the output.</param>
public sealed record QuantizedConv(
    Window Window,
    int Group,
    DataLayout Layout,
    int InputZeroPoint,
    EquatableArray<int> WeightZeroPoints,
    Requantization? Output
) : Operator, ISpatialOperator
{
    /// <inheritdoc/>
    public Operator WithLayout(DataLayout layout) => this with { Layout = layout };

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Int8, ElementType.UInt8);
        context.Require(1, ElementType.Int8, ElementType.UInt8);
        ConvRules.CheckChannels(context, Group, Layout);
        return [new(Output?.Element ?? ElementType.Int32, Window.OutputShape(context.Shape(0), context.Shape(1)[0], Layout))];
    }

    /// <inheritdoc/>
    public override long CountMacs(IReadOnlyList<Value?> inputs, IReadOnlyList<Value> outputs) => ConvRules.CountMacs(inputs, outputs);
}

/// <summary>Rules that float and integer convolutions share.</summary>
internal static class ConvRules
{
    /// <summary>Checks x [N, C, …] or [N, …, C] against w [M, C/group, …] and the group.</summary>
    public static void CheckChannels(InferenceContext context, int group, DataLayout layout)
    {
        var (x, w) = (context.Shape(0), context.Shape(1));
        if (x.Rank < 3 || w.Rank != x.Rank)
        {
            throw new ShapeException($"x and w need the same rank of at least 3, found {x} and {w}");
        }

        var channels = layout == DataLayout.ChannelsFirst ? x[1] : x[x.Rank - 1];
        if (group < 1 || channels != w[1] * group || w[0] % group != 0)
        {
            throw new ShapeException($"{channels} input channels in {group} groups do not fit weights {w}");
        }
    }

    /// <summary>Checks that the window is the one that the weights have.</summary>
    public static void CheckKernel(InferenceContext context, Window window)
    {
        var (x, w) = (context.Shape(0), context.Shape(1));
        if (x.Rank < 3 || w.Rank != x.Rank)
        {
            throw new ShapeException($"x and w need the same rank of at least 3, found {x} and {w}");
        }

        if (!w.Skip(2).SequenceEqual(window.Kernel))
        {
            throw new ShapeException($"kernel {window.Kernel} does not fit weights {w}");
        }
    }

    /// <summary>Checks that input 2, where it is there, has one element an output channel.</summary>
    public static void CheckBias(InferenceContext context, int channels)
    {
        if (context.Has(2) && context.Shape(2) != new TensorShape(channels))
        {
            throw new ShapeException($"a bias of shape [{channels}] was expected, found {context.Shape(2)}");
        }
    }

    public static long CountMacs(IReadOnlyList<Value?> inputs, IReadOnlyList<Value> outputs) =>
        (long)outputs[0].Shape.Elements * inputs[1]!.Shape.Product(1, inputs[1]!.Shape.Rank);
}
