using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Chains;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>
/// Integer convolution with one input and one output channel a group. For every output row the rows under it are interleaved into
/// scratch, once: four bytes of one column and channel, one a row, make a quad, and each column serves all taps that touch it.
/// Sixteen channels make a chunk; where there are fewer, a chunk is several pixels.
/// </summary>
/// <param name="Batch">Images.</param>
/// <param name="Input">Height, width and channels of the input.</param>
/// <param name="Output">Height, width and channels of the output.</param>
/// <param name="Window">Kernel, strides, dilations and pads over height and width.</param>
/// <param name="ZeroPoint">The byte that padding is filled with.</param>
/// <param name="Packed">Weights [block][group of four rows][column of taps][16][4], bias and requantisation.</param>
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
    /// <summary>Bytes of input, and sums, that go together.</summary>
    public const int Chunk = 16;

    /// <summary>Rows of a quad.</summary>
    public const int RowsOfQuad = 4;

    public override EquatableArray<InstructionSet> Variants => Sets;

    public override RowSplit? Split => Batch == 1 ? new(Output.Height, 1, Output.Width * Output.Channels) : null;

    /// <summary>Rows of the input that are in memory at a time, row y in the place of y modulo this number; 0 where all are there.</summary>
    public int InputRing { get; init; }

    public int UnitsOfRow(Plane output) => 1;

    public RowWindow RowsUnder => new(Window.Strides[0], Window.PadsBegin[0], Window.Extent(0));

    public bool ReadsRing => true;

    public int RowsOfCall(Plane output) => Window.Strides[0] == 1 ? 2 : 1;

    public (Kernel Kernel, int ScratchBytes) ForRows(Plane output, int rows, int ring) =>
        (this with { InputRing = ring }, OutsideOffset + ArenaPlanner.Slack);

    /// <summary>Whether a row is one run of chunks, because fewer than sixteen channels fill them evenly.</summary>
    public bool IsFlat => Input.Channels < Chunk;

    /// <summary>Groups of four rows.</summary>
    public int Quads => (Window.Kernel[0] + RowsOfQuad - 1) / RowsOfQuad;

    /// <summary>Scratch bytes of one column, or in a flat row of one pixel.</summary>
    public int ColumnBytes => (IsFlat ? Input.Channels : Chunk) * RowsOfQuad;

    /// <summary>Scratch bytes of an interleaved row with its padding, for one group of four rows.</summary>
    public int PlaneBytes => (Input.Width + Window.PadsBegin[1] + Window.PadsEnd[1]) * ColumnBytes;

    /// <summary>Where in scratch the bytes stand that rows outside of the image are read from.</summary>
    public int OutsideOffset => Quads * PlaneBytes;

    public override string Describe() =>
        $"{Window.Kernel[0]}×{Window.Kernel[1]} depthwise int8, stride {Window.Strides[0]}×{Window.Strides[1]}, {Input} → {Output}"
        + $", tiles of {Tile(Sets[0]).Pixels} × {Packed.Block}";

    public Int8TileShape Tile(InstructionSet set)
    {
        var bits = set switch
        {
            InstructionSet.Avx512 => 512,
            InstructionSet.AvxVnni or InstructionSet.Avx2 => 256,
            _ => 128,
        };

        // Four vectors of sums make one of bytes; AVX-VNNI has registers for eight, and needs them to hide its latency.
        var vectors = Chunk * 32 / bits;
        var most = (set == InstructionSet.AvxVnni ? 8 : 4) / vectors;
        return new(bits, PixelsOfTile(IsFlat ? Output.Width * Output.Channels / Chunk : Output.Width, most), vectors, 1);
    }

    /// <summary>
    /// The last tile of a row overlaps the one before, so a tile that does not divide the row computes pixels twice. Loading the
    /// weights of a tile costs about as much as one pixel of it.
    /// </summary>
    private static int PixelsOfTile(int pixels, int most) =>
        Enumerable
            .Range(1, Math.Min(most, pixels))
            .OrderBy(tile => (pixels + tile - 1) / tile * (tile + 1))
            .ThenByDescending(tile => tile)
            .First();

    /// <summary>Lowers a depthwise convolution; null where its channels make no chunks.</summary>
    public static LoweredNode? Lower(short[] weights, QuantizedConv op, Node node, LoweringContext context)
    {
        var (input, output) = (Plane.Of(node.Input(0).Shape), Plane.Of(node.Output.Shape));
        var window = op.Window.Over2Dimensions();
        var flat = input.Channels < Chunk;
        var flatFits =
            Chunk % input.Channels == 0
            && window.Strides[1] == 1
            && input.Width * input.Channels >= Chunk
            && output.Width * output.Channels >= Chunk;
        if (flat && !flatFits)
        {
            return null;
        }

        var packed = PackedInt8.Pack(Source(weights, window, op, node, flat ? Chunk : input.Channels), 1, Chunk, node, context);
        var kernel = new DepthwiseInt8Kernel(
            node.Input(0).Shape[0],
            input,
            output,
            window,
            unchecked((byte)op.InputZeroPoint),
            packed,
            Int8Variants.DotProducts(context.Target)
        );
        return new(kernel, (Value[])[node.Input(0)], ScratchBytes: kernel.OutsideOffset + ArenaPlanner.Slack);
    }

    /// <summary>The taps of each channel, a column of up to four at a time; channels repeat where a chunk is several pixels.</summary>
    private static Int8Source Source(short[] weights, Window window, QuantizedConv op, Node node, int outputs)
    {
        var (rows, columns, channels) = (window.Kernel[0], window.Kernel[1], node.Output.Shape[node.Output.Shape.Rank - 1]);
        var quads = (rows + RowsOfQuad - 1) / RowsOfQuad;
        var taps = new short[outputs * quads * columns * RowsOfQuad];
        for (var i = 0; i < taps.Length; i++)
        {
            var row = (i / RowsOfQuad / columns % quads * RowsOfQuad) + (i % RowsOfQuad);
            var column = i / RowsOfQuad % columns;
            var channel = i / (quads * columns * RowsOfQuad) % channels;
            taps[i] = row < rows ? weights[(((channel * rows) + row) * columns) + column] : (short)0;
        }

        var bias = node.HasInput(2) ? node.Input(2).Constant!.As<int>().ToArray() : null;
        var output = op.Output is { Multipliers.Count: > 1 } rule
            ? rule with
            {
                Multipliers = Enumerable.Range(0, outputs).Select(i => rule.Multipliers[i % channels]).ToArray(),
            }
            : op.Output;
        return new Int8Source(
            taps,
            outputs,
            1,
            quads * columns,
            RowsOfQuad,
            op.InputZeroPoint,
            node.Input(0).Element,
            bias is null ? null : [.. Enumerable.Range(0, outputs).Select(i => bias[i % channels])],
            output
        );
    }
}
