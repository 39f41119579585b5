using ModelCompiler.Graphs;
using ModelCompiler.Lowering.Kernels.Int8;

namespace ModelCompiler.Emit.Kernels.Int8;

internal static class DepthwiseInt8Emitter
{
    private const int Chunk = DepthwiseInt8Kernel.Chunk;
    private const int ChunkBytes = Chunk * DepthwiseInt8Kernel.RowsOfQuad;

    public static void Emit(DepthwiseInt8Kernel kernel, KernelWriter writer)
    {
        var (code, input, output) = (writer.Code, kernel.Input, kernel.Output);
        var flip = (writer.Step.Inputs[0].Type.Element == ElementType.Int8) != Int8Variants.ReadsSigned(writer.InstructionSet);
        var tile = new Int8TileEmitter(writer, kernel.Packed, kernel.Tile(writer.InstructionSet));
        Int8Refs.Emit(writer);
        EmitPadding(kernel, code, flip);
        using var images = Int8Refs.EmitImages(writer, kernel.Batch, input, output);
        using var blocks = code.For("block", 0, kernel.Packed.Blocks);
        tile.EmitBlockRefs();
        code.Line($"nint channel = {Int8Refs.Channel(kernel.Packed)};");
        using var rows = kernel.Batch == 1 ? code.For("y", writer.First, writer.End) : code.For("y", 0, output.Height);
        for (var quad = 0; quad < kernel.Quads; quad++)
        {
            EmitInterleaving(kernel, writer, quad, flip);
        }

        EmitRow(kernel, writer, tile);
    }

    /// <summary>Fills what is read outside of the image: whole rows, and the columns left and right, which no row overwrites.</summary>
    private static void EmitPadding(DepthwiseInt8Kernel kernel, SourceWriter code, bool flip)
    {
        code.Line($"ref byte outside = ref Unsafe.Add(ref scratch, {kernel.OutsideOffset});");
        code.Line($"Unsafe.InitBlockUnaligned(ref outside, {kernel.ZeroPoint}, {ModelCompiler.Lowering.ArenaPlanner.Slack});");
        var (left, right) = (kernel.Window.PadsBegin[1] * kernel.ColumnBytes, kernel.Window.PadsEnd[1] * kernel.ColumnBytes);
        for (var quad = 0; quad < kernel.Quads; quad++)
        {
            Fill(quad * kernel.PlaneBytes, left);
            Fill(((quad + 1) * kernel.PlaneBytes) - right, right);
        }

        void Fill(int offset, int count)
        {
            if (count > 0)
            {
                var value = flip ? kernel.ZeroPoint ^ 128 : kernel.ZeroPoint;
                code.Line($"Unsafe.InitBlockUnaligned(ref Unsafe.Add(ref scratch, {offset}), {value}, {count});");
            }
        }
    }

    /// <summary>Interleaves up to four input rows under output row <c>y</c>.</summary>
    private static void EmitInterleaving(DepthwiseInt8Kernel kernel, KernelWriter writer, int quad, bool flip)
    {
        var (code, window, input) = (writer.Code, kernel.Window, kernel.Input);
        var first = quad * DepthwiseInt8Kernel.RowsOfQuad;
        var count = Math.Min(DepthwiseInt8Kernel.RowsOfQuad, window.Kernel[0] - first);
        var interleave = Int8Dialect.Of(writer.InstructionSet, kernel.Tile(writer.InstructionSet).Bits).Interleave(count, flip);
        writer.Use(interleave);
        var step = kernel.IsFlat ? Chunk : input.Channels;
        var refs = new List<string>();
        for (var i = first; i < first + count; i++)
        {
            code.Line($"nint line{i} = y * {window.Strides[0]} + {(i * window.Dilations[0]) - window.PadsBegin[0]};");
            code.Line($"bool inside{i} = (nuint)line{i} < {input.Height};");
            var line = kernel.InputRing > 0 ? $"line{i} % {kernel.InputRing}" : $"line{i}";
            var place = $"{line} * {input.Width * input.Channels}" + (kernel.IsFlat ? "" : " + channel");
            code.Line($"ref byte row{i} = ref inside{i} ? ref Unsafe.Add(ref picture, {place}) : ref outside;");
            code.Line($"nint step{i} = inside{i} ? {step} : 0;");
            refs.Add($"ref row{i}, step{i}");
        }

        var offset = (quad * kernel.PlaneBytes) + (window.PadsBegin[1] * kernel.ColumnBytes);
        var bytes = input.Width * input.Channels;
        var chunks = kernel.IsFlat ? bytes / Chunk : input.Width;
        code.Line($"Shared.{interleave.Name}({string.Join(", ", refs)}, {chunks}, ref Unsafe.Add(ref scratch, {offset}));");
        if (kernel.IsFlat && bytes % Chunk != 0)
        {
            // The last chunk reaches back over bytes that are done already.
            var last = bytes - Chunk;
            var tails = Enumerable.Range(first, count).Select(i => $"ref Unsafe.Add(ref row{i}, inside{i} ? {last} : 0), step{i}");
            var to = offset + (last * DepthwiseInt8Kernel.RowsOfQuad);
            code.Line($"Shared.{interleave.Name}({string.Join(", ", tails)}, 1, ref Unsafe.Add(ref scratch, {to}));");
        }
    }

    private static void EmitRow(DepthwiseInt8Kernel kernel, KernelWriter writer, Int8TileEmitter emitter)
    {
        var (code, output, tile) = (writer.Code, kernel.Output, kernel.Tile(writer.InstructionSet));
        var (total, unit, scratchStep) = kernel.IsFlat
            ? (output.Width * output.Channels, Chunk, DepthwiseInt8Kernel.RowsOfQuad)
            : (output.Width, 1, kernel.Window.Strides[1] * ChunkBytes);
        var outputStep = kernel.IsFlat ? 1 : output.Channels;
        var span = tile.Pixels * unit;
        var columns = kernel.Window.Kernel[1];
        var taps =
            from quad in Enumerable.Range(0, kernel.Quads)
            from column in Enumerable.Range(0, columns)
            select (quad * kernel.PlaneBytes) + (column * kernel.Window.Dilations[1] * kernel.ColumnBytes);
        emitter.EmitTaps(kernel.Quads * columns);
        using var tiles = code.For("tile", 0, (total + span - 1) / span);
        code.Line(total % span == 0 ? $"nint pixel = tile * {span};" : $"nint pixel = Math.Min(tile * {span}, {total - span});");
        code.Line($"ref byte x = ref Unsafe.Add(ref scratch, pixel * {scratchStep});");
        code.Line(
            $"ref {Int8Refs.OutputType(writer)} o = ref Unsafe.Add(ref result, {writer.FromFirst("y")} * {output.Width * output.Channels} + pixel * {outputStep} + channel);"
        );
        emitter.EmitDepthwise([.. taps], unit * scratchStep, unit * outputStep);
    }
}
