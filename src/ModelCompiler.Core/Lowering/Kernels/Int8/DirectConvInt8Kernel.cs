using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Chains;
using ModelCompiler.Lowering.Kernels.Int8.Streams;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>
/// Integer convolution over one or two dimensions without im2col: channels last, the bytes under a row of taps are contiguous. Where
/// there is padding, bands of input rows are copied into scratch between borders of the zero point.
/// </summary>
/// <param name="Batch">Images.</param>
/// <param name="Input">Height, width and channels of the input.</param>
/// <param name="Output">Height, width and channels of the output.</param>
/// <param name="Window">Kernel, strides, dilations and pads over height and width.</param>
/// <param name="ZeroPoint">The byte that padding is filled with.</param>
/// <param name="BandRows">Output rows that are computed from one copy of their input rows; 0 where nothing is padded.</param>
/// <param name="Packed">Weights, bias and requantisation.</param>
/// <param name="Sets">Variants.</param>
internal sealed record DirectConvInt8Kernel(
    int Batch,
    Plane Input,
    Plane Output,
    Window Window,
    byte ZeroPoint,
    int BandRows,
    PackedInt8 Packed,
    EquatableArray<InstructionSet> Sets
) : Kernel, IRowKernel
{
    // Scratch counts in the arena, and copying is cheap: rows that two bands share are copied twice.
    private const int BandBytes = 4 * 1024;

    /// <summary>How many times what copying an input row costs the computation of an output row does.</summary>
    private const int RowCost = 16;

    public override EquatableArray<InstructionSet> Variants => Sets;

    public override RowSplit? Split => Batch == 1 ? new(Output.Height, Math.Max(1, BandRows), Output.Width * Output.Channels) : null;

    /// <summary>
    /// Rows of the input that are in memory at a time, row y in the place of y modulo this number; 0 where all are there. Only bands,
    /// which copy their rows, can be read so.
    /// </summary>
    public int InputRing { get; init; }

    public int UnitsOfRow(Plane output) => 1;

    public RowWindow RowsUnder => new(Window.Strides[0], Window.PadsBegin[0], Window.Extent(0));

    public bool ReadsRing => BandRows > 0;

    // A band never reaches back behind the first row of a call, so calls must divide the rows.
    public int RowsOfCall(Plane output) => new[] { 4, 3, 2, 1 }.First(rows => output.Height % rows == 0);

    public (Kernel Kernel, int ScratchBytes) ForRows(Plane output, int rows, int ring)
    {
        var form = this with { BandRows = BandRows > 0 ? rows : 0, InputRing = ring };
        return (form, BandRows > 0 ? (form.BandInputRows * LineBytes) + ArenaPlanner.Slack : 0);
    }

    /// <summary>Bytes of one row that the taps walk over.</summary>
    public int LineBytes => (Input.Width + (BandRows > 0 ? Window.PadsBegin[1] + Window.PadsEnd[1] : 0)) * Input.Channels;

    /// <summary>Input rows under a band.</summary>
    public int BandInputRows => InputRows(Window, BandRows);

    public override string Describe() =>
        $"{Window.Kernel[0]}×{Window.Kernel[1]} convolution int8, stride {Window.Strides[0]}×{Window.Strides[1]}, {Input} → {Output}"
        + $"{(Packed.Groups > 1 ? $" in {Packed.Groups} groups" : "")}, tiles of {Tile(Sets[0]).Pixels} × {Packed.Block}"
        + (BandRows > 0 ? $", bands of {BandRows} rows" : "");

    public override string? Packing => Packed.Form;

    /// <summary>The runs of input bytes under one output.</summary>
    public Int8Runs Runs => RunsOf(Window, Input.Channels, LineBytes, Packed.Segments);

    public Int8TileShape Tile(InstructionSet set) => Int8TileShape.Choose(set, Packed, Output.Width);

    public static LoweredNode Lower(Int8Source source, QuantizedConv op, Node node, LoweringContext context)
    {
        var (input, output) = (Plane.Of(node.Input(0).Shape), Plane.Of(node.Output.Shape));
        var window = op.Window.Over2Dimensions();
        var padded = window.PadsBegin.Any(p => p > 0) || window.PadsEnd.Any(p => p > 0);
        var line = (input.Width + window.PadsBegin[1] + window.PadsEnd[1]) * input.Channels;
        var rows = padded ? ChooseBand(window, output.Height, line) : 0;
        var kernel = new DirectConvInt8Kernel(
            node.Input(0).Shape[0],
            input,
            output,
            window,
            unchecked((byte)op.InputZeroPoint),
            rows,
            Int8Packing.PackForTiles(
                source,
                RunsOf(window, input.Channels, padded ? line : input.Width * input.Channels, source.Segments),
                1,
                output.Width,
                node,
                context
            ),
            Int8Variants.DotProducts(context.Target)
        );
        var lowered = new LoweredNode(
            kernel,
            (Value[])[node.Input(0)],
            ScratchBytes: padded ? (InputRows(window, rows) * line) + ArenaPlanner.Slack : 0,
            ReadsPastEnd: !padded
        );
        return UnpackedInt8Kernel.Around(lowered, kernel.Packed);
    }

    /// <summary>The cheapest of the bands that fit: the last one repeats rows of the one before, where they do not divide the height.</summary>
    private static int ChooseBand(Window window, int height, int line) =>
        Enumerable
            .Range(1, height)
            .TakeWhile(rows => rows == 1 || InputRows(window, rows) * line <= BandBytes)
            .OrderBy(rows => (height + rows - 1) / rows * ((rows * RowCost) + InputRows(window, rows)))
            .First();

    private static Int8Runs RunsOf(Window window, int channels, int lineBytes, int segments) =>
        new(window.Kernel[0], window.Dilations[0] * lineBytes, segments / window.Kernel[0], window.Dilations[1] * channels);

    private static int InputRows(Window window, int rows) => ((rows - 1) * window.Strides[0]) + window.Extent(0);
}

/// <summary>Sizes of an image, channels last.</summary>
internal readonly record struct Plane(int Height, int Width, int Channels)
{
    /// <summary>Elements of the image.</summary>
    public int Elements => Height * Width * Channels;

    /// <summary>The plane of [N, H, W, C] or [N, W, C].</summary>
    public static Plane Of(TensorShape shape) => new(shape.Rank == 4 ? shape[1] : 1, shape[shape.Rank - 2], shape[shape.Rank - 1]);

    public override string ToString() => $"{Height}×{Width}×{Channels}";
}
