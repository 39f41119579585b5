using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>One spatial dimension of a pool.</summary>
/// <param name="Input">Elements of the input.</param>
/// <param name="Output">Elements of the output.</param>
/// <param name="Kernel">Taps.</param>
/// <param name="Stride">Step between outputs.</param>
/// <param name="Dilation">Step between taps.</param>
/// <param name="Begin">Padding before the first element.</param>
/// <param name="CountedEnd">Padding behind the last that an average counts.</param>
internal readonly record struct PoolDimension(int Input, int Output, int Kernel, int Stride, int Dilation, int Begin, int CountedEnd)
{
    /// <summary>The first output whose window lies inside of the input.</summary>
    public int InnerBegin => Math.Min(Output, (Begin + Stride - 1) / Stride);

    /// <summary>The first output behind whose window does not.</summary>
    public int InnerEnd =>
        Input + Begin - ((Kernel - 1) * Dilation) - 1 is >= 0 and var room
            ? Math.Max(InnerBegin, Math.Min(Output, (room / Stride) + 1))
            : InnerBegin;
}

/// <summary>MaxPool or AveragePool: outputs whose window lies inside have their taps unrolled, those at the border test them.</summary>
/// <param name="Average">Whether it is a mean.</param>
/// <param name="CountIncludePad">Whether padding counts in the mean.</param>
/// <param name="Element">Element type of input and output.</param>
/// <param name="Batch">Independent planes.</param>
/// <param name="Channels">Contiguous channels of each position; 1 where they stand in front of the spatial dimensions.</param>
/// <param name="Dimensions">The spatial dimensions, outermost first.</param>
/// <param name="Vectorised">Whether there are enough channels for vectors.</param>
/// <param name="Widths">The instruction sets whose vector widths are written out.</param>
internal sealed record PoolKernel(
    bool Average,
    bool CountIncludePad,
    ElementType Element,
    int Batch,
    int Channels,
    EquatableArray<PoolDimension> Dimensions,
    bool Vectorised,
    EquatableArray<InstructionSet> Widths
) : Kernel
{
    public override EquatableArray<InstructionSet> Variants => Widths;

    /// <summary>The widest vector that channels fill without remainder, or else the widest that they fill at all; 0 for none.</summary>
    public int VectorBits(InstructionSet set)
    {
        for (var bits = VectorVariants.Bits(set); Vectorised && bits >= 128; bits /= 2)
        {
            if (Channels * Element.SizeInBytes() * 8 % bits == 0)
            {
                return bits;
            }
        }

        return Vectorised ? VectorVariants.BitsFor(set, Channels, Element) : 0;
    }

    public int Taps => Dimensions.Aggregate(1, (product, d) => product * d.Kernel);

    public override string Describe() =>
        $"{(Average ? "average" : "max")} pool {Times(d => d.Kernel)} stride {Times(d => d.Stride)}: "
        + $"{Batch}×{Times(d => d.Input)}×{Channels} → {Times(d => d.Output)}";

    public static LoweredNode LowerMaxPool(MaxPool op, Node node, LoweringContext context) =>
        Lower(op.Window, op.Layout, new int[op.Window.Rank], null, node, context);

    public static LoweredNode LowerAveragePool(AveragePool op, Node node, LoweringContext context) =>
        Lower(op.Window, op.Layout, op.UncountedEnd, op.CountIncludePad, node, context);

    /// <summary>Of both pools: <paramref name="countIncludePad"/> is null for MaxPool.</summary>
    private static LoweredNode Lower(
        Window window,
        DataLayout layout,
        EquatableArray<int> uncounted,
        bool? countIncludePad,
        Node node,
        LoweringContext context
    )
    {
        var (x, y) = (node.Input(0), node.Output);
        var channelsLast = layout == DataLayout.ChannelsLast;
        var first = channelsLast ? 1 : 2;
        var channels = channelsLast ? x.Shape[x.Shape.Rank - 1] : 1;
        var dimensions = Enumerable
            .Range(0, window.Rank)
            .Select(d => new PoolDimension(
                x.Shape[first + d],
                y.Shape[first + d],
                window.Kernel[d],
                window.Strides[d],
                window.Dilations[d],
                window.PadsBegin[d],
                window.PadsEnd[d] - uncounted[d]
            ));
        var vectorised = channels * x.Element.SizeInBytes() >= 16;
        return new(
            new PoolKernel(
                countIncludePad is not null,
                countIncludePad ?? false,
                x.Element,
                x.Shape.Product(0, first),
                channelsLast ? channels : 1,
                dimensions.ToArray(),
                vectorised,
                vectorised ? VectorVariants.Of(context.Target, channels, x.Element) : (InstructionSet[])[InstructionSet.Portable]
            ),
            (Value[])[x]
        );
    }

    private string Times(Func<PoolDimension, int> size) => string.Join("×", Dimensions.Select(size));
}
