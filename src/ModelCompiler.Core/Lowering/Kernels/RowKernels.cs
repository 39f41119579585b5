using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>Softmax along the middle one of three dimensions.</summary>
/// <param name="Element">Float32 or Float64.</param>
/// <param name="Outer">Elements of the dimensions before.</param>
/// <param name="Length">Elements that sum to 1.</param>
/// <param name="Inner">Elements of the dimensions behind; where it is 1 the vectors run along the sum, else across.</param>
/// <param name="Logarithm">Whether it is LogSoftmax.</param>
/// <param name="Vectorised">Whether there are enough elements for vectors.</param>
/// <param name="Widths">The instruction sets whose vector widths are written out.</param>
internal sealed record SoftmaxKernel(
    ElementType Element,
    int Outer,
    int Length,
    int Inner,
    bool Logarithm,
    bool Vectorised,
    EquatableArray<InstructionSet> Widths
) : Kernel
{
    /// <summary>Elements up to which code without vectors is written where few bytes are wanted: it is half as long.</summary>
    private const int FewElements = 32;

    public override EquatableArray<InstructionSet> Variants => Widths;

    /// <summary>Elements that vectors run through.</summary>
    public int Row => Inner == 1 ? Length : Inner;

    public override string Describe() => $"{(Logarithm ? "log-softmax" : "softmax")} of {Length} over {Outer}×{Inner}";

    public static LoweredNode Lower(Softmax op, Node node, LoweringContext context)
    {
        var x = node.Input(0);
        var (outer, length, inner) = (x.Shape.Product(0, op.Axis), x.Shape[op.Axis], x.Shape.Product(op.Axis + 1, x.Shape.Rank));
        var kernel = new SoftmaxKernel(x.Element, outer, length, inner, op.Logarithm, false, (InstructionSet[])[InstructionSet.Portable]);
        var isSmall = context.WantedWeights == WeightChoice.Smallest && x.Shape.Elements <= FewElements;
        var vectorised = !isSmall && kernel.Row * x.Element.SizeInBytes() >= 16;
        return new(
            vectorised ? kernel with { Vectorised = true, Widths = VectorVariants.Of(context.Target, kernel.Row, x.Element) } : kernel,
            (Value[])[x],
            InPlaceInput: 0
        );
    }
}

/// <summary>The index of the greatest or smallest element along the middle one of three dimensions.</summary>
/// <param name="Outer">Elements of the dimensions before.</param>
/// <param name="Length">Elements that are searched.</param>
/// <param name="Inner">Elements of the dimensions behind.</param>
/// <param name="Smallest">Whether the smallest is looked for.</param>
/// <param name="SelectLast">Whether the last of equal elements is taken.</param>
internal sealed record ArgMaxKernel(int Outer, int Length, int Inner, bool Smallest, bool SelectLast) : Kernel
{
    public override string Describe() => $"{(Smallest ? "argmin" : "argmax")} of {Length} over {Outer}×{Inner}";

    public static LoweredNode Lower(ArgMax op, Node node, LoweringContext context)
    {
        var shape = node.Input(0).Shape;
        var (outer, inner) = (shape.Product(0, op.Axis), shape.Product(op.Axis + 1, shape.Rank));
        return new(new ArgMaxKernel(outer, shape[op.Axis], inner, op.Smallest, op.SelectLast), (Value[])[node.Input(0)]);
    }
}

/// <summary>Layer normalisation of contiguous rows.</summary>
/// <param name="Element">Float32 or Float64.</param>
/// <param name="Rows">Number of rows.</param>
/// <param name="Length">Elements of a row.</param>
/// <param name="Epsilon">What is added to the variance.</param>
/// <param name="SubtractMean">False for RMSNormalization.</param>
/// <param name="HasScale">Whether input 1 scales each element of a row.</param>
/// <param name="HasBias">Whether the last input is added to each row.</param>
/// <param name="Vectorised">Whether there are enough elements for vectors.</param>
/// <param name="Widths">The instruction sets whose vector widths are written out.</param>
internal sealed record LayerNormalizationKernel(
    ElementType Element,
    int Rows,
    int Length,
    float Epsilon,
    bool SubtractMean,
    bool HasScale,
    bool HasBias,
    bool Vectorised,
    EquatableArray<InstructionSet> Widths
) : Kernel
{
    public override EquatableArray<InstructionSet> Variants => Widths;

    public override string Describe() => $"{(SubtractMean ? "layer" : "RMS")} normalisation of {Rows} rows of {Length}";

    /// <summary>Null where scale or bias have fewer elements than a row; the importer and the passes never make such.</summary>
    public static LoweredNode? Lower(LayerNormalization op, Node node, LoweringContext context)
    {
        var x = node.Input(0);
        var (rows, length) = (x.Shape.Product(0, op.Axis), x.Shape.Product(op.Axis, x.Shape.Rank));
        var inputs = node.Inputs.Where(i => i is not null).Select(i => i!).ToArray();
        var vectorised = length * x.Element.SizeInBytes() >= 16;
        return inputs.Skip(1).Any(i => i.Shape.Elements != length)
            ? null
            : new(
                new LayerNormalizationKernel(
                    x.Element,
                    rows,
                    length,
                    op.Epsilon,
                    op.SubtractMean,
                    node.HasInput(1),
                    node.HasInput(2),
                    vectorised,
                    vectorised ? VectorVariants.Of(context.Target, length, x.Element) : (InstructionSet[])[InstructionSet.Portable]
                ),
                inputs,
                InPlaceInput: 0
            );
    }
}
