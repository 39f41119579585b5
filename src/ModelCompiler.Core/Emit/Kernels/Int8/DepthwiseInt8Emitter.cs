using ModelCompiler.Graphs;
using ModelCompiler.Lowering.Kernels.Int8;

namespace ModelCompiler.Emit.Kernels.Int8;

/// <summary>Writes the loops of a depthwise convolution: output rows (two at a time where their quads are the same), blocks of channels, pixels.</summary>
internal sealed class DepthwiseInt8Emitter
{
    private const int Chunk = DepthwiseInt8Kernel.Chunk;

    /// <summary>Pixels at the borders of a row up to which each is written out.</summary>
    private const int MostBorders = 2;

    private readonly DepthwiseInt8Kernel _kernel;
    private readonly KernelWriter _writer;
    private readonly DepthwiseDialect _dialect;

    private DepthwiseInt8Emitter(DepthwiseInt8Kernel kernel, KernelWriter writer)
    {
        _kernel = kernel;
        _writer = writer;
        _dialect = DepthwiseDialect.Of(writer.InstructionSet);
    }

    public static void Emit(DepthwiseInt8Kernel kernel, KernelWriter writer) => new DepthwiseInt8Emitter(kernel, writer).Emit();

    private SourceWriter Code => _writer.Code;

    private DepthwiseLayout Layout => _kernel.Layout;

    private bool IsWide => Layout.Form == DepthwiseForm.Wide;

    private int OutputRow => _kernel.Output.Width * _kernel.Output.Channels;

    /// <summary>Whether rows are computed in pairs of which the last may lack its second row.</summary>
    private bool MayEndWithOne => _kernel.Output.Height % Layout.OutputRows != 0;

    private void Emit()
    {
        Int8Refs.Emit(_writer);
        EmitPadding();
        using var images = Int8Refs.EmitImages(_writer, _kernel.Batch, _kernel.Input, _kernel.Output);
        using var rows =
            _kernel.Batch == 1
                ? Code.For("y", _writer.First, _writer.End, Layout.OutputRows)
                : Code.For("y", 0, _kernel.Output.Height, Layout.OutputRows);
        EmitInputRows();
        Code.Line($"ref {Int8Refs.OutputType(_writer)} rows = ref Unsafe.Add(ref result, {_writer.FromFirst("y")} * {OutputRow});");
        using var blocks = Code.For("block", 0, Layout.Blocks);
        EmitBlockRefs();
        if (_dialect.Runs > 1 || Layout.SecondInput == 0)
        {
            EmitBlock();
            return;
        }

        using var runs = Code.For("run", 0, 2);
        EmitBlock();
        EmitNextRun();
    }

    /// <summary>Writes a block, or of it the run of sixteen bytes that the vectors have room for.</summary>
    private void EmitBlock()
    {
        if (_dialect is MultiplyAddDepthwise { WidenWeights: var widen })
        {
            _writer.Use(widen);
            Code.Line($"Shared.{widen.Name}(ref weights, ref widened, {_kernel.Packed.Segments * DepthwiseDialect.Quarters});");
        }

        for (var i = 0; i < Layout.InputRows; i++)
        {
            var row = IsWide
                ? $"inside{i} ? ref Unsafe.Add(ref picture, place{i} + from) : ref outside"
                : $"Unsafe.Add(ref scratch, {CopyOffset(i)} + from)";
            Code.Line($"ref byte row{i} = ref {row};");
        }

        if (!MayEndWithOne)
        {
            EmitColumns(Layout.OutputRows);
            return;
        }

        using (Code.Open($"if (y + 1 < {(_kernel.Batch == 1 ? _writer.End : $"{_kernel.Output.Height}")})"))
        {
            EmitColumns(Layout.OutputRows);
        }

        using var last = Code.Open("else");
        EmitColumns(1);
    }

    private void EmitColumns(int outputRows)
    {
        var tile = new DepthwiseTileEmitter(_kernel, _writer, outputRows);
        if (IsWide)
        {
            EmitWideColumns(tile);
        }
        else
        {
            EmitCopiedColumns(tile);
        }
    }

    /// <summary>Writes pixels one after the other: those at the borders test every column of taps, those between none.</summary>
    private void EmitWideColumns(DepthwiseTileEmitter tile)
    {
        var (window, width, outputs) = (_kernel.Window, _kernel.Input.Width, _kernel.Output.Width);
        var (stride, dilation, pad) = (window.Strides[1], window.Dilations[1], window.PadsBegin[1]);
        var reach = ((window.Kernel[1] - 1) * dilation) + 1;
        var first = Math.Min(outputs, (pad + stride - 1) / stride);
        var end = width + pad < reach ? first : Math.Max(first, Math.Min(outputs, ((width + pad - reach) / stride) + 1));
        EmitOutputRefs(tile, "to");
        if (first + outputs - end <= MostBorders && window.Kernel[1] <= DepthwiseTileEmitter.MostUnrolled(_writer.InstructionSet))
        {
            EmitBorderPixels(0, first);
            if (first < end)
            {
                EmitInside($"nint x = {first}; x < {end}");
            }

            EmitBorderPixels(end, outputs);
            return;
        }

        using var pixels = Code.For("x", 0, outputs);
        if (first < end)
        {
            using (Code.Open($"if (x == {first})"))
            {
                EmitInside($"; x < {end}");
                if (end == outputs)
                {
                    Code.Line("break;");
                }
            }
        }

        tile.EmitBorder(
            () =>
            {
                Code.Line($"nint column = x * {stride} + k * {dilation} - {pad};");
                Code.Line($"bool isInside = (nuint)column < {width};");
            },
            i => $"(isInside ? ref Unsafe.Add(ref row{i}, column * step{i}) : ref outside)"
        );
        EmitNextOutputs(tile);

        // Of a pixel that is known, the columns of taps outside are known too.
        void EmitBorderPixels(int from, int to)
        {
            for (var x = from; x < to; x++)
            {
                var column = (x * stride) - pad;
                using var pixel = Code.Open();
                tile.EmitInside(
                    (i, k) =>
                        column + (int.Parse(k) * dilation) is var at && at >= 0 && at < width
                            ? $"Unsafe.Add(ref row{i}, {at} * step{i})"
                            : "outside"
                );
                EmitNextOutputs(tile);
            }
        }

        void EmitInside(string condition)
        {
            for (var i = 0; i < tile.InputRows; i++)
            {
                Code.Line($"ref byte p{i} = ref Unsafe.Add(ref row{i}, {(first * stride) - pad} * step{i});");
            }

            var head = $"for ({condition}; x++)";
            if (tile.KeepsColumns)
            {
                tile.EmitKeepingColumns(head, Address, EmitNext);
                return;
            }

            using var inside = Code.Open(head);
            tile.EmitInside(Address);
            EmitNext();
        }

        string Address(int row, string k) =>
            k == "0" ? $"p{row}"
            : k == "k" ? $"Unsafe.Add(ref p{row}, k * {dilation} * step{row})"
            : $"Unsafe.Add(ref p{row}, {int.Parse(k) * dilation} * step{row})";

        void EmitNext()
        {
            var steps = Enumerable.Range(0, tile.InputRows).Select(i => $"p{i} = ref Unsafe.Add(ref p{i}, {stride} * step{i});");
            Int8TileEmitter.Flow(Code, steps);
            EmitNextOutputs(tile);
        }
    }

    /// <summary>Writes the chunks of copied rows, which have no borders. The last one reaches back over pixels that are done already.</summary>
    private void EmitCopiedColumns(DepthwiseTileEmitter tile)
    {
        var isFlat = Layout.Form == DepthwiseForm.Flat;
        var channels = _kernel.Input.Channels;
        var (total, span) = isFlat ? (_kernel.Output.Width * channels, Chunk) : (_kernel.Output.Width, Layout.SecondInput == 0 ? 1 : 2);
        var (inputStep, outputStep) = isFlat ? (1, 1) : (_kernel.Window.Strides[1] * channels, channels);
        using var tiles = Int8Refs.EmitTiles(Code, total, span);
        for (var i = 0; i < tile.InputRows; i++)
        {
            Code.Line($"ref byte p{i} = ref Unsafe.Add(ref row{i}, pixel * {inputStep});");
        }

        EmitOutputRefs(tile, $"to + pixel * {outputStep}");
        tile.EmitInside(
            (i, k) =>
                k == "0" ? $"p{i}"
                : k == "k" ? $"Unsafe.Add(ref p{i}, k * {_kernel.Window.Dilations[1] * channels})"
                : $"Unsafe.Add(ref p{i}, {int.Parse(k) * _kernel.Window.Dilations[1] * channels})"
        );
    }

    /// <summary>Fills what is read outside of the image: a chunk, and the columns left and right of copied rows, which nothing overwrites.</summary>
    private void EmitPadding()
    {
        if (IsWide)
        {
            Code.Line($"ref byte outside = ref Unsafe.Add(ref scratch, {DepthwiseInt8Kernel.OutsideOffset});");
            Code.Line($"Unsafe.InitBlockUnaligned(ref outside, {_kernel.ZeroPoint}, {Chunk});");
        }

        if (_dialect is MultiplyAddDepthwise)
        {
            Code.Line($"ref short widened = ref Unsafe.As<byte, short>(ref Unsafe.Add(ref scratch, {_kernel.WideWeightsOffset}));");
        }

        var (left, right) = (_kernel.Window.PadsBegin[1] * _kernel.Input.Channels, _kernel.Window.PadsEnd[1] * _kernel.Input.Channels);
        for (var row = 0; row < _kernel.CopiedRows; row++)
        {
            Fill(CopyOffset(row), left);
            Fill(CopyOffset(row + 1) - right, right);
        }

        void Fill(int offset, int count)
        {
            if (count > 0)
            {
                Code.Line($"Unsafe.InitBlockUnaligned(ref Unsafe.Add(ref scratch, {offset}), {_kernel.ZeroPoint}, {count});");
            }
        }
    }

    /// <summary>Writes where the input rows under output row <c>y</c> are; rows outside of the image have steps of 0.</summary>
    private void EmitInputRows()
    {
        var (window, input) = (_kernel.Window, _kernel.Input);
        var rowBytes = input.Width * input.Channels;
        for (var i = 0; i < Layout.InputRows; i++)
        {
            Code.Line(
                $"nint line{i} = y * {window.Strides[0]} + {ScalarRequantizationText.Number((i * window.Dilations[0]) - window.PadsBegin[0])};"
            );
            Code.Line($"bool inside{i} = (nuint)line{i} < {input.Height};");
            Code.Line($"nint place{i} = {(_kernel.InputRing > 0 ? $"line{i} % {_kernel.InputRing}" : $"line{i}")} * {rowBytes};");
            if (IsWide)
            {
                Code.Line($"nint step{i} = inside{i} ? {input.Channels} : 0;");
                continue;
            }

            var copy = $"ref Unsafe.Add(ref scratch, {CopyOffset(i) + (window.PadsBegin[1] * input.Channels)})";
            Code.Line($"if (inside{i}) Unsafe.CopyBlockUnaligned({copy}, ref Unsafe.Add(ref picture, place{i}), {rowBytes});");
            Code.Line($"else Unsafe.InitBlockUnaligned({copy}, {_kernel.ZeroPoint}, {rowBytes});");
        }
    }

    private void EmitBlockRefs()
    {
        var packed = _kernel.Packed;
        var bias = Int8Variants.ReadsSigned(_writer.InstructionSet) ? packed.SignedBias! : packed.Bias!;
        Code.Line($"ref sbyte weights = ref Unsafe.Add({_writer.Weights(packed.Weights)}, block * {packed.BlockBytes});");
        Code.Line($"ref int bias = ref Unsafe.Add({_writer.Weights(bias)}, block * {Chunk});");
        if (packed.Stage?.Multipliers is { } multipliers)
        {
            Code.Line($"ref float multipliers = ref Unsafe.Add({_writer.Weights(multipliers)}, block * {Chunk});");
        }

        var channels = _kernel.Input.Channels;
        var start = $"block * {Layout.Channels}";
        var channel =
            Layout.Blocks == 1 ? "0"
            : channels % Layout.Channels == 0 ? start
            : $"Math.Min({start}, {channels - Layout.Channels})";
        Code.Line($"nint from = {channel}, to = from;");
    }

    private void EmitOutputRefs(DepthwiseTileEmitter tile, string place)
    {
        var type = Int8Refs.OutputType(_writer);
        for (var output = 0; output < tile.OutputRows; output++)
        {
            Code.Line($"ref {type} o{output} = ref Unsafe.Add(ref rows, {output * OutputRow} + {place});");
        }
    }

    private void EmitNextOutputs(DepthwiseTileEmitter tile)
    {
        var steps = Enumerable.Range(0, tile.OutputRows).Select(output => $"o{output} = ref Unsafe.Add(ref o{output}, {OutputStep});");
        Int8TileEmitter.Flow(Code, steps);
    }

    private void EmitNextRun()
    {
        Code.Line($"from += {Layout.SecondInput}; to += {Layout.SecondOutput};");
        Code.Line("weights = ref Unsafe.Add(ref weights, 16); bias = ref Unsafe.Add(ref bias, 4);");
        if (_kernel.Packed.Stage?.Multipliers is not null)
        {
            Code.Line("multipliers = ref Unsafe.Add(ref multipliers, 4);");
        }
    }

    /// <summary>Elements of the output from one pixel to the next.</summary>
    private int OutputStep => _kernel.Output.Channels;

    private int CopyOffset(int row) => DepthwiseInt8Kernel.CopiesOffset + (row * _kernel.CopiedRowBytes);
}
