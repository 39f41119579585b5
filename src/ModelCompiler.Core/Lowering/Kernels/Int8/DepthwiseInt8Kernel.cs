using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Chains;
using ModelCompiler.Lowering.Kernels.Int8.Streams;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>
/// Integer convolution with one input and one output channel a group. Four bytes of one column and channel, one a row, make a quad;
/// quads are interleaved in registers just before they are multiplied. The quads of four rows serve two output rows where the window
/// leaves one row free: one with weights [a b c 0], the next with [0 a b c].
/// </summary>
/// <param name="Batch">Images.</param>
/// <param name="Input">Height, width and channels of the input.</param>
/// <param name="Output">Height, width and channels of the output.</param>
/// <param name="Window">Kernel, strides, dilations and pads over height and width.</param>
/// <param name="ZeroPoint">The byte that padding is filled with.</param>
/// <param name="Packed">Weights [block][group of four rows][column of taps][output row][32][4], bias and requantisation.</param>
/// <param name="Sets">Variants.</param>
internal sealed record DepthwiseInt8Kernel(
    int Batch,
    Plane Input,
    Plane Output,
    Window Window,
    byte ZeroPoint,
    PackedInt8 Packed,
    EquatableArray<InstructionSet> Sets
) : Kernel, IRowKernel
{
    /// <summary>Bytes read of a row at one column of taps: two runs of sixteen.</summary>
    public const int Chunk = 2 * Run;

    /// <summary>Bytes that are contiguous in input and output.</summary>
    public const int Run = 16;

    /// <summary>Rows of a quad.</summary>
    public const int RowsOfQuad = 4;

    public override EquatableArray<InstructionSet> Variants => Sets;

    public override RowSplit? Split => Batch == 1 ? new(Output.Height, Layout.OutputRows, Output.Width * Output.Channels) : null;

    /// <summary>Rows of the input that are in memory at a time, row y in the place of y modulo this number; 0 where all are there.</summary>
    public int InputRing { get; init; }

    public int UnitsOfRow(Plane output) => 1;

    public RowWindow RowsUnder => new(Window.Strides[0], Window.PadsBegin[0], Window.Extent(0));

    public bool ReadsRing => true;

    public int RowsOfCall(Plane output) => Layout.OutputRows;

    public (Kernel Kernel, int ScratchBytes) ForRows(Plane output, int rows, int ring) => (this with { InputRing = ring }, ScratchBytes);

    public DepthwiseLayout Layout { get; } = DepthwiseLayout.Of(Input, Output, Window);

    /// <summary>Rows of scratch that input rows are copied to with their padding; none where chunks are read where they are.</summary>
    public int CopiedRows => Layout.Form == DepthwiseForm.Wide ? 0 : Layout.InputRows;

    /// <summary>Bytes of a copied row.</summary>
    public int CopiedRowBytes => (Input.Width + Window.PadsBegin[1] + Window.PadsEnd[1]) * Input.Channels;

    /// <summary>Where in scratch the zero points stand that are read outside of the image.</summary>
    public const int OutsideOffset = 0;

    /// <summary>Where in scratch the copied rows begin.</summary>
    public const int CopiesOffset = OutsideOffset + Chunk;

    /// <summary>Where in scratch the weights of a block stand as 16-bit numbers, for instruction sets without dot products.</summary>
    public int WideWeightsOffset => CopiesOffset + (((CopiedRows * CopiedRowBytes) + Chunk - 1) / Chunk * Chunk);

    private int ScratchBytes => WideWeightsOffset + (Sets.Any(WidensWeights) ? Packed.BlockBytes * sizeof(short) : 0);

    public override string Describe() =>
        $"{Window.Kernel[0]}×{Window.Kernel[1]} depthwise int8, stride {Window.Strides[0]}×{Window.Strides[1]}, {Input} → {Output}"
        + $", {Layout.OutputRows} rows × {Chunk / Layout.Channels} pixels × {Layout.Channels} together";

    /// <summary>Whether a variant multiplies 16-bit numbers, which it widens the weights of a block to.</summary>
    public static bool WidensWeights(InstructionSet set) => set is InstructionSet.Avx512 or InstructionSet.Avx2 or InstructionSet.Sse41;

    /// <summary>Lowers a depthwise convolution; null where its channels make no chunks.</summary>
    public static LoweredNode? Lower(CentredWeights weights, QuantizedConv op, Node node, LoweringContext context)
    {
        var (input, output) = (Plane.Of(node.Input(0).Shape), Plane.Of(node.Output.Shape));
        var window = op.Window.Over2Dimensions();
        var layout = DepthwiseLayout.Of(input, output, window);
        if (layout.Form == DepthwiseForm.None)
        {
            return null;
        }

        var kernel = new DepthwiseInt8Kernel(
            node.Input(0).Shape[0],
            input,
            output,
            window,
            unchecked((byte)op.InputZeroPoint),
            DepthwisePacking.Pack(weights, window, layout, op, node, context),
            Int8Variants.DotProducts(context.Target)
        );
        return UnpackedInt8Kernel.Around(new LoweredNode(kernel, (Value[])[node.Input(0)], kernel.ScratchBytes), kernel.Packed);
    }
}
