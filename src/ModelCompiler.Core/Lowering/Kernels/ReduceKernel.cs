using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>One loop of a reduction's nest.</summary>
/// <param name="Size">Number of elements.</param>
/// <param name="Reduced">Whether they become one.</param>
internal readonly record struct ReduceDimension(int Size, bool Reduced);

/// <summary>A reduction over a dense tensor; the innermost loop runs in vectors, be it kept or reduced.</summary>
/// <param name="Function">What is made of the elements.</param>
/// <param name="Element">Element type of input and output.</param>
/// <param name="Dimensions">The loops, outermost first; neighbours are never both kept or both reduced.</param>
/// <param name="Vectorised">Whether the innermost loop runs in vectors.</param>
/// <param name="Widths">The instruction sets whose vector widths are written out.</param>
internal sealed record ReduceKernel(
    ReduceFunction Function,
    ElementType Element,
    EquatableArray<ReduceDimension> Dimensions,
    bool Vectorised,
    EquatableArray<InstructionSet> Widths
) : Kernel
{
    public override EquatableArray<InstructionSet> Variants => Widths;

    public ReduceDimension Innermost => Dimensions[Dimensions.Count - 1];

    public override string Describe() =>
        $"{Function} over {string.Join("×", Dimensions.Select(d => d.Reduced ? $"({d.Size})" : $"{d.Size}"))} elements";

    public static LoweredNode Lower(Reduce op, Node node, LoweringContext context) => Of(op.Function, node, op.Axes.Contains, context);

    public static LoweredNode LowerGlobalAveragePool(GlobalAveragePool op, Node node, LoweringContext context) =>
        Of(ReduceFunction.Mean, node, IsSpatial(op.Layout, node), context);

    public static LoweredNode LowerGlobalMaxPool(GlobalMaxPool op, Node node, LoweringContext context) =>
        Of(ReduceFunction.Max, node, IsSpatial(op.Layout, node), context);

    private static Func<int, bool> IsSpatial(DataLayout layout, Node node)
    {
        var channels = layout == DataLayout.ChannelsFirst ? 1 : node.Input(0).Shape.Rank - 1;
        return axis => axis != 0 && axis != channels;
    }

    private static LoweredNode Of(ReduceFunction function, Node node, Func<int, bool> isReduced, LoweringContext context)
    {
        var x = node.Input(0);
        var dimensions = new List<ReduceDimension>();
        for (var axis = 0; axis < x.Shape.Rank; axis++)
        {
            var next = new ReduceDimension(x.Shape[axis], isReduced(axis));
            var last = dimensions.Count - 1;
            if (last >= 0 && dimensions[last].Reduced == next.Reduced)
            {
                dimensions[last] = next with { Size = dimensions[last].Size * next.Size };
            }
            else if (next.Size != 1)
            {
                dimensions.Add(next);
            }
        }

        if (dimensions.Count == 0)
        {
            dimensions.Add(new(1, false));
        }

        var row = dimensions[dimensions.Count - 1].Size;
        var vectorised =
            row * x.Element.SizeInBytes() >= 16 && (x.Element is ElementType.Float32 or ElementType.Float64 or ElementType.Int32);
        var widths = vectorised ? VectorVariants.Of(context.Target, row, x.Element) : (InstructionSet[])[InstructionSet.Portable];
        return new(new ReduceKernel(function, x.Element, dimensions.ToArray(), vectorised, widths), (Value[])[x]);
    }
}
