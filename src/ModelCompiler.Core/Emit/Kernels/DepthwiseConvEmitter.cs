using ModelCompiler.Lowering.Kernels;
using ModelCompiler.Lowering.Tiling;

namespace ModelCompiler.Emit.Kernels;

internal static class DepthwiseConvEmitter
{
    public static void Emit(DepthwiseConvKernel kernel, KernelWriter writer)
    {
        var plan = kernel.Plans.First(p => p.InstructionSet == writer.InstructionSet);

        // All channels of the tile before the next one: their inputs are neighbours in memory. The group loop is the channel loop.
        ConvRows.Write(
            kernel.Geometry with
            {
                Group = 1,
            },
            writer,
            () =>
            {
                foreach (var tiles in plan.Tiles)
                {
                    foreach (var pixels in tiles.Pixels)
                    {
                        Tiles(kernel, writer, tiles.Columns, pixels);
                    }
                }
            }
        );
    }

    private static void Tiles(DepthwiseConvKernel kernel, KernelWriter writer, ColumnRun channels, PixelRun pixels)
    {
        var code = writer.Code;
        var repeats = pixels.Repeats > 1;
        using var pixelLoop = repeats
            ? code.For("pixel", pixels.First, pixels.First + (pixels.Repeats * pixels.Pixels), pixels.Pixels)
            : code.Open();
        using var channelLoop = code.For("channel", channels.Column, channels.Column + (channels.Repeats * channels.Width), channels.Width);
        Tile(kernel, writer, channels, pixels, repeats);
    }

    private static void Tile(DepthwiseConvKernel kernel, KernelWriter writer, ColumnRun channels, PixelRun pixels, bool repeats)
    {
        var (code, g) = (writer.Code, kernel.Geometry);
        var type = $"Vector{channels.Bits}";
        if (kernel.Bias is { } bias)
        {
            code.Line($"var a0 = {type}.LoadUnsafe(ref Unsafe.Add({writer.Weights(bias)}, channel));");
        }
        else
        {
            code.Line($"var a0 = {type}<float>.Zero;");
        }

        for (var p = 1; p < pixels.Pixels; p++)
        {
            code.Line($"var a{p} = a0;");
        }

        var bounded = g.Vertical.LeavesInput(g.OutputRows, g.Rows);
        var stride = g.Horizontal.Stride * g.Channels;
        code.Line(
            $"ref var line = ref Unsafe.Add(ref source, channel{(repeats ? $" + (pixel * {stride}) - {g.Horizontal.Pad * g.Channels}" : "")});"
        );
        code.Line(
            $"ref var w = ref Unsafe.Add({writer.Weights(kernel.Weights)}, channel{(bounded ? $" + (firstTap * {g.Horizontal.Kernel * g.Channels})" : "")});"
        );
        using (bounded ? code.Open("for (nint tap = firstTap; tap < lastTap; tap++)") : code.For("tap", 0, g.Vertical.Kernel))
        {
            RowOfTaps(g, code, type, pixels, repeats);
            code.Line($"line = ref Unsafe.Add(ref line, {g.Vertical.Dilation * g.Columns * g.Channels});");
            code.Line($"w = ref Unsafe.Add(ref w, {g.Horizontal.Kernel * g.Channels});");
        }

        code.Line(
            $"ref var y = ref Unsafe.Add(ref target, {(repeats ? $"(pixel * {g.Channels})" : $"{pixels.First * g.Channels}")} + channel);"
        );
        for (var p = 0; p < pixels.Pixels; p++)
        {
            VectorStore.Write(
                code,
                ClampText.Vector(kernel.Activation, channels.Bits, $"a{p}"),
                channels.Bits,
                channels.Stored,
                "y",
                p * g.Channels
            );
        }
    }

    /// <summary>Loads each input column once and multiplies it with every tap that a pixel of the tile has there.</summary>
    private static void RowOfTaps(ConvGeometry g, SourceWriter code, string type, PixelRun pixels, bool repeats)
    {
        var horizontal = g.Horizontal;
        var uses = Enumerable
            .Range(0, pixels.Pixels)
            .SelectMany(p => Enumerable.Range(0, horizontal.Kernel).Select(tap => (Pixel: p, Tap: tap)))
            .Select(u => (u.Pixel, u.Tap, Column: (u.Pixel * horizontal.Stride) + (u.Tap * horizontal.Dilation)))
            .Where(u => repeats || Inside((pixels.First * horizontal.Stride) - horizontal.Pad + u.Column))
            .GroupBy(u => u.Column)
            .OrderBy(group => group.Key)
            .ToArray();
        foreach (var tap in uses.SelectMany(u => u).Select(u => u.Tap).Distinct().OrderBy(tap => tap))
        {
            code.Line($"var w{tap} = {type}.LoadUnsafe(ref w, {tap * g.Channels});");
        }

        foreach (var column in uses)
        {
            var position = repeats ? column.Key : (pixels.First * horizontal.Stride) - horizontal.Pad + column.Key;
            code.Line($"var x{column.Key} = {type}.LoadUnsafe(ref line, {position * g.Channels});");
            foreach (var use in column)
            {
                code.Line($"a{use.Pixel} = {type}.MultiplyAddEstimate(x{column.Key}, w{use.Tap}, a{use.Pixel});");
            }
        }

        bool Inside(int column) => column >= 0 && column < g.Columns;
    }
}
