using ModelCompiler.Lowering.Kernels.Int8;

namespace ModelCompiler.Emit.Kernels.Int8;

internal static class DirectConvInt8Emitter
{
    public static void Emit(DirectConvInt8Kernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        Int8Refs.Emit(writer);
        using var images = Int8Refs.EmitImages(writer, kernel.Batch, kernel.Input, kernel.Output);
        var (first, end) = kernel.Batch == 1 ? (writer.First, writer.End) : ("0", $"{kernel.Output.Height}");
        if (kernel.BandRows == 0)
        {
            EmitRows(kernel, writer, first, end, "picture");
            return;
        }

        // The last band reaches back over rows that are done already.
        using var bands = code.For("start", first, end, kernel.BandRows);
        code.Line($"nint band = Math.Min(start, {end} - {kernel.BandRows});");
        EmitBand(kernel, code);
        EmitRows(kernel, writer, "0", $"{kernel.BandRows}", "scratch");
    }

    /// <summary>Copies the input rows under the output rows of <c>band</c> into scratch, with padding around them.</summary>
    private static void EmitBand(DirectConvInt8Kernel kernel, SourceWriter code)
    {
        var (window, input, line) = (kernel.Window, kernel.Input, kernel.LineBytes);
        var (left, right) = (window.PadsBegin[1] * input.Channels, window.PadsEnd[1] * input.Channels);
        using var rows = code.For("i", 0, kernel.BandInputRows);
        code.Line($"nint y = band * {window.Strides[0]} + i - {window.PadsBegin[0]};");
        code.Line($"ref byte to = ref Unsafe.Add(ref scratch, i * {line});");
        using (code.Open($"if ((nuint)y >= {input.Height})"))
        {
            code.Line($"Unsafe.InitBlockUnaligned(ref to, {kernel.ZeroPoint}, {line});");
            code.Line("continue;");
        }

        var bytes = input.Width * input.Channels;
        Fill(0, left);
        code.Line(
            $"Unsafe.CopyBlockUnaligned(ref Unsafe.Add(ref to, {left}), ref Unsafe.Add(ref picture, {(kernel.InputRing > 0 ? $"y % {kernel.InputRing}" : "y")} * {bytes}), {bytes});"
        );
        Fill(left + bytes, right);

        void Fill(int offset, int count)
        {
            if (count > 0)
            {
                code.Line($"Unsafe.InitBlockUnaligned(ref Unsafe.Add(ref to, {offset}), {kernel.ZeroPoint}, {count});");
            }
        }
    }

    private static void EmitRows(DirectConvInt8Kernel kernel, KernelWriter writer, string first, string end, string from)
    {
        var (code, packed, tile) = (writer.Code, kernel.Packed, kernel.Tile(writer.InstructionSet));
        var (window, output) = (kernel.Window, kernel.Output);
        var emitter = new Int8TileEmitter(writer, packed, tile);
        using var blocks = code.For("block", 0, packed.Blocks * packed.Groups);
        emitter.EmitBlockRefs();
        code.Line($"nint channel = {Int8Refs.Channel(packed)};");
        using var lines = code.For("y", first, end);
        using var tiles = Int8Refs.EmitTiles(code, output.Width, tile.Pixels);
        var channels = kernel.Input.Channels;
        var step = window.Strides[1] * channels;
        var group = packed.Groups > 1 ? $" + block / {packed.Blocks} * {channels / packed.Groups}" : "";
        code.Line($"ref byte x = ref Unsafe.Add(ref {from}, y * {window.Strides[0] * kernel.LineBytes} + pixel * {step}{group});");
        var row = writer.FromFirst(kernel.BandRows > 0 ? "(band + y)" : "y");
        code.Line(
            $"ref {Int8Refs.OutputType(writer)} o = ref Unsafe.Add(ref result, ({row} * {output.Width} + pixel) * {output.Channels} + channel);"
        );
        emitter.Emit(kernel.Runs, step, output.Channels);
    }
}
