using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels.Quantised;

/// <summary>Sum or product of two quantised tensors that broadcast to each other.</summary>
/// <param name="Operator">What is computed.</param>
/// <param name="Sizes">Loops, outermost first.</param>
/// <param name="AStrides">Steps of a in each loop.</param>
/// <param name="BStrides">Steps of b in each loop.</param>
/// <param name="Variants">Two widths.</param>
internal sealed record QuantizedBinaryKernel(
    QuantizedBinary Operator,
    EquatableArray<int> Sizes,
    EquatableArray<int> AStrides,
    EquatableArray<int> BStrides,
    EquatableArray<InstructionSet> Variants
) : Kernel
{
    public override EquatableArray<InstructionSet> Variants { get; } = Variants;

    // Rounding by the addition of 1.5 · 2^23 is right up to here, and packing saturates what is no 8-bit integer.
    private const float MostRounded = 1 << 22;

    /// <summary>What depends on no element: of a sum ra, rb and f, of a product the factor, and the zero point that is added.</summary>
    public (float A, float B, float Last) Factors { get; } = FactorsOf(Operator);

    /// <summary>Whether every result can be rounded to an integer before it is bounded.</summary>
    public bool IsBounded { get; } = Furthest(Operator) < MostRounded;

    public override string Describe() => $"{Operator.Name} over {string.Join("×", Sizes)} elements";

    private static (float A, float B, float Last) FactorsOf(QuantizedBinary op)
    {
        if (op.Function == QuantizedFunction.Mul)
        {
            return ((float)((float)(op.A.Scale * op.B.Scale) / op.Y.Scale), 1, op.Y.ZeroPoint);
        }

        var (a, b) = ((float)(op.A.Scale / op.Y.Scale), (float)(op.B.Scale / op.Y.Scale));

        // ONNX Runtime's compiler fused one of the products into the sum; in double that product is exact.
        var zeros = (float)(((double)a * op.A.ZeroPoint) + (float)(b * op.B.ZeroPoint));
        return (a, b, (float)(op.Y.ZeroPoint - zeros));
    }

    /// <summary>No result before rounding is further from 0.</summary>
    private static double Furthest(QuantizedBinary op)
    {
        const double MostOfByte = 255;
        var (a, b, last) = FactorsOf(op);
        return Math.Abs((double)last) + (op.Function == QuantizedFunction.Mul ? MostOfByte * MostOfByte * a : MostOfByte * ((double)a + b));
    }

    public static LoweredNode Lower(QuantizedBinary op, Node node, LoweringContext context)
    {
        var (a, b, y) = (node.Input(0), node.Input(1), node.Output);
        var (sizes, strides) = LoopNest.Of(y.Shape, [a.Shape, b.Shape]);
        var inPlace =
            a.Shape.Elements == y.Shape.Elements ? 0
            : b.Shape.Elements == y.Shape.Elements ? 1
            : -1;
        return new(
            new QuantizedBinaryKernel(op, sizes, strides[0], strides[1], ByteVariants.Of(context.Target)),
            (Value[])[a, b],
            InPlaceInput: inPlace
        );
    }
}

/// <summary>One of 256 bytes for each byte.</summary>
internal sealed record LookupTableKernel(PackedWeights Table, int Elements) : Kernel
{
    public override string Describe() => $"table look-up of {Elements} elements";

    public static LoweredNode Lower(LookupTable op, Node node, LoweringContext context) =>
        new(
            new LookupTableKernel(
                context.AddWeights<byte>(node, "table", ElementType.UInt8, op.Table.ToArray()),
                node.Input(0).Shape.Elements
            ),
            (Value[])[node.Input(0)],
            InPlaceInput: 0
        );
}

/// <summary>Mean of windows of a quantised tensor, channels last.</summary>
internal sealed record QuantizedAveragePoolKernel(
    QuantizedAveragePool Operator,
    TensorShape Input,
    TensorShape Output,
    EquatableArray<InstructionSet> Variants
) : Kernel
{
    public override EquatableArray<InstructionSet> Variants { get; } = Variants;

    public override string Describe() =>
        $"quantised average pool {string.Join("×", Operator.Window.Kernel)}, {string.Join("×", Input)} → {string.Join("×", Output)}";

    public static LoweredNode? Lower(QuantizedAveragePool op, Node node, LoweringContext context) =>
        op.Layout == DataLayout.ChannelsLast
            ? new(
                new QuantizedAveragePoolKernel(op, node.Input(0).Shape, node.Output.Shape, ByteVariants.Of(context.Target)),
                (Value[])[node.Input(0)]
            )
            : null;
}

/// <summary>Mean over all positions of a quantised tensor, channels last.</summary>
/// <param name="Operator">What is computed.</param>
/// <param name="Multiplier">x scale / (y scale · positions).</param>
/// <param name="Batch">Number of images.</param>
/// <param name="Positions">Positions of an image.</param>
/// <param name="Channels">Channels of a position.</param>
/// <param name="Variants">Two widths.</param>
internal sealed record QuantizedGlobalAveragePoolKernel(
    QuantizedGlobalAveragePool Operator,
    float Multiplier,
    int Batch,
    int Positions,
    int Channels,
    EquatableArray<InstructionSet> Variants
) : Kernel
{
    public override EquatableArray<InstructionSet> Variants { get; } = Variants;

    public override string Describe() => $"quantised mean over {Positions} positions of {Channels} channels";

    public static LoweredNode? Lower(QuantizedGlobalAveragePool op, Node node, LoweringContext context)
    {
        var shape = node.Input(0).Shape;
        if (op.Layout != DataLayout.ChannelsLast)
        {
            return null;
        }

        var positions = shape.Product(1, shape.Rank - 1);
        var multiplier = (float)(op.X.Scale / (float)(op.Y.Scale * positions));
        return new(
            new QuantizedGlobalAveragePoolKernel(
                op,
                multiplier,
                shape[0],
                positions,
                shape[shape.Rank - 1],
                ByteVariants.Of(context.Target)
            ),
            (Value[])[node.Input(0)]
        );
    }
}

/// <summary>Softmax of a quantised tensor by a table of exponentials.</summary>
/// <param name="Operator">What is computed.</param>
/// <param name="Table">exp(scale · (i − 255)), scaled so that sums stay finite, for i from 0 to 255.</param>
/// <param name="Outer">Elements of the dimensions before the axis.</param>
/// <param name="Along">Size of the axis.</param>
/// <param name="Inner">Elements of the dimensions behind the axis.</param>
internal sealed record QuantizedSoftmaxKernel(QuantizedSoftmax Operator, PackedWeights Table, int Outer, int Along, int Inner) : Kernel
{
    public override string Describe() => $"quantised softmax over {Outer}×{Along}×{Inner} elements";

    public static LoweredNode Lower(QuantizedSoftmax op, Node node, LoweringContext context)
    {
        var shape = node.Input(0).Shape;
        var table = Exponentials(op.X.Scale, shape[op.Axis]);
        return new(
            new QuantizedSoftmaxKernel(
                op,
                context.AddWeights<float>(node, "exponentials", ElementType.Float32, table),
                shape.Product(0, op.Axis),
                shape[op.Axis],
                shape.Product(op.Axis + 1, shape.Rank)
            ),
            (Value[])[node.Input(0)],
            InPlaceInput: 0
        );
    }

    /// <summary>The table; the greatest entry is so large that the sum of <paramref name="count"/> of them stays finite.</summary>
    private static float[] Exponentials(float scale, int count)
    {
        const double Reserve = 5;
        var shift = Math.Max(0, PortableMath.Log(float.MaxValue / count) - Reserve) / scale;
        return [.. Enumerable.Range(0, 256).Select(i => (float)PortableMath.Exp((i - 255 + shift) * scale))];
    }
}
