using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels.Quantised;

/// <summary>Scales and zero points as the emitted code finds them.</summary>
/// <param name="Scales">Packed scales, one after another; null where there is one, or where they come at run time.</param>
/// <param name="ZeroPoints">Packed zero points as Int32; null likewise, or where all are 0.</param>
/// <param name="Scale">The only scale.</param>
/// <param name="ZeroPoint">The only zero point.</param>
/// <param name="Outer">Elements of the dimensions before the axis.</param>
/// <param name="Along">Size of the axis.</param>
/// <param name="Inner">Elements of the dimensions behind the axis.</param>
/// <param name="BlockSize">Elements along the axis that share a scale; 0 where each has its own for all of the inner ones.</param>
internal sealed record LinearGrid(
    PackedWeights? Scales,
    PackedWeights? ZeroPoints,
    float Scale,
    int ZeroPoint,
    int Outer,
    int Along,
    int Inner,
    int BlockSize
)
{
    /// <summary>Packs the scales of a node; a null grid stands for those that are its inputs 1 and 2.</summary>
    public static LinearGrid Of(Node node, QuantizationGrid? grid, int axis, int blockSize, LoweringContext context)
    {
        var shape = node.Input(0).Shape;
        var several = grid is null ? node.Input(1).Shape.Elements > 1 : !grid.IsPerTensor;
        (axis, blockSize) = grid is null ? (axis, blockSize) : (grid.Axis, grid.BlockSize);
        var (outer, along, inner) = several
            ? (shape.Product(0, axis), shape[axis], shape.Product(axis + 1, shape.Rank))
            : (1, 1, shape.Elements);
        if (grid is null || !several)
        {
            return new(null, null, grid?.Scales[0] ?? 0, grid?.ZeroPoints[0] ?? 0, outer, along, inner, several ? blockSize : 0);
        }

        var scales = context.AddWeights<float>(node, "scales", ElementType.Float32, grid.Scales.ToArray());
        var zeros = grid.ZeroPoints.All(z => z == 0)
            ? null
            : context.AddWeights<int>(node, "zeros", ElementType.Int32, grid.ZeroPoints.ToArray());
        return new(scales, zeros, 0, 0, outer, along, inner, blockSize);
    }
}

/// <summary>Floats to integers.</summary>
/// <param name="Element">Type of the integers.</param>
/// <param name="Grid">Scales and zero points.</param>
/// <param name="AtRunTime">Whether scales and zero points are inputs 1 and 2.</param>
/// <param name="Reciprocal">What is multiplied with where that is as good as dividing by the only scale.</param>
/// <param name="Variants">Two widths for one scale and 8 bits, else plain loops.</param>
internal sealed record QuantizeKernel(
    ElementType Element,
    LinearGrid Grid,
    bool AtRunTime,
    ScaleReciprocal? Reciprocal,
    EquatableArray<InstructionSet> Variants
) : Kernel
{
    public override EquatableArray<InstructionSet> Variants { get; } = Variants;

    /// <summary>Whether it is written with vectors.</summary>
    public bool IsVectorised => !AtRunTime && Grid.Scales is null && Element is ElementType.Int8 or ElementType.UInt8;

    public override string Describe() => $"quantise to {Element}, {Grid.Outer}×{Grid.Along}×{Grid.Inner} elements";

    public static LoweredNode Lower(QuantizeLinear op, Node node, LoweringContext context)
    {
        var grid = LinearGrid.Of(node, op.Grid, op.Axis, op.BlockSize, context);
        var reciprocal = op is { Grid: { IsPerTensor: true }, Element: ElementType.Int8 or ElementType.UInt8 }
            ? ScaleReciprocal.Of(new Quantization(grid.Scale, grid.ZeroPoint, op.Element))
            : null;
        return new(
            new QuantizeKernel(op.Element, grid, op.Grid is null, reciprocal, VariantsFor(reciprocal, context.Target)),
            node.Inputs.Where(i => i is not null).Select(i => i!).ToArray()
        );
    }

    /// <summary>The instruction sets for which quantising is written.</summary>
    public static EquatableArray<InstructionSet> VariantsFor(ScaleReciprocal? reciprocal, Target target) =>
        reciprocal is null or { Low: 0 } ? ByteVariants.Of(target) : ByteVariants.WithFusedProducts(target);
}

/// <summary>Planes of floats to interleaved 8-bit integers.</summary>
/// <param name="Quantization">Of the integers.</param>
/// <param name="Reciprocal">What is multiplied with where that is as good as dividing by the scale.</param>
/// <param name="Batch">Number of images.</param>
/// <param name="Planes">Planes of an image: 2 to 4.</param>
/// <param name="Positions">Elements of a plane.</param>
/// <param name="Variants">Two widths.</param>
internal sealed record QuantizeInterleavedKernel(
    Quantization Quantization,
    ScaleReciprocal? Reciprocal,
    int Batch,
    int Planes,
    int Positions,
    EquatableArray<InstructionSet> Variants
) : Kernel
{
    public override EquatableArray<InstructionSet> Variants { get; } = Variants;

    public override string Describe() =>
        $"quantise to {Quantization.Element}, interleaving {Batch}×{Planes} planes of {Positions} elements";

    public static LoweredNode Lower(QuantizeChannelsLast op, Node node, LoweringContext context)
    {
        var shape = node.Input(0).Shape;
        var reciprocal = ScaleReciprocal.Of(op.Y);
        return new(
            new QuantizeInterleavedKernel(
                op.Y,
                reciprocal,
                shape[0],
                shape[1],
                shape.Product(2, shape.Rank),
                QuantizeKernel.VariantsFor(reciprocal, context.Target)
            ),
            (Value[])[node.Input(0)]
        );
    }
}

/// <summary>Integers to floats.</summary>
/// <param name="Grid">Scales and zero points.</param>
/// <param name="AtRunTime">Whether scales and zero points are inputs 1 and 2.</param>
/// <param name="IsVectorised">Whether it is written with vectors: for one scale and 8 bits.</param>
/// <param name="Variants">Two widths where it is vectorised.</param>
internal sealed record DequantizeKernel(LinearGrid Grid, bool AtRunTime, bool IsVectorised, EquatableArray<InstructionSet> Variants)
    : Kernel
{
    public override EquatableArray<InstructionSet> Variants { get; } = Variants;

    public override string Describe() => $"dequantise {Grid.Outer}×{Grid.Along}×{Grid.Inner} elements";

    public static LoweredNode Lower(DequantizeLinear op, Node node, LoweringContext context)
    {
        var grid = LinearGrid.Of(node, op.Grid, op.Axis, op.BlockSize, context);
        var vectorised = op.Grid is { IsPerTensor: true } && node.Input(0).Element is ElementType.Int8 or ElementType.UInt8;
        return new(
            new DequantizeKernel(
                grid,
                op.Grid is null,
                vectorised,
                vectorised ? ByteVariants.Of(context.Target) : (InstructionSet[])[InstructionSet.Portable]
            ),
            node.Inputs.Where(i => i is not null).Select(i => i!).ToArray()
        );
    }
}

/// <summary>Floats to UInt8 with the scale that their range asks for.</summary>
internal sealed record DynamicQuantizeKernel(int Elements, EquatableArray<InstructionSet> Variants) : Kernel
{
    public override EquatableArray<InstructionSet> Variants { get; } = Variants;

    public override string Describe() => $"quantise {Elements} elements to the range that they have";

    public static LoweredNode Lower(DynamicQuantizeLinear op, Node node, LoweringContext context) =>
        new(new DynamicQuantizeKernel(node.Input(0).Shape.Elements, ByteVariants.Of(context.Target)), (Value[])[node.Input(0)]);
}
