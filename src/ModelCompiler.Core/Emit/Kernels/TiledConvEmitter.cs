using ModelCompiler.Lowering.Kernels;
using ModelCompiler.Lowering.Tiling;

namespace ModelCompiler.Emit.Kernels;

internal static class TiledConvEmitter
{
    public static void Emit(TiledConvKernel kernel, KernelWriter writer)
    {
        var plan = kernel.Plans.First(p => p.InstructionSet == writer.InstructionSet);
        if (kernel.ColumnsOutside)
        {
            foreach (var tiles in plan.Tiles)
            {
                using (ColumnLoop(writer.Code, tiles.Columns))
                {
                    ConvRows.Write(kernel.Geometry, writer, () => Tiles(kernel, writer, tiles));
                }
            }
        }
        else
        {
            ConvRows.Write(
                kernel.Geometry,
                writer,
                () =>
                {
                    foreach (var tiles in plan.Tiles)
                    {
                        using (ColumnLoop(writer.Code, tiles.Columns))
                        {
                            Tiles(kernel, writer, tiles);
                        }
                    }
                }
            );
        }
    }

    /// <summary>The loop over repetitions of a run of columns; a plain block where there is one.</summary>
    private static SourceWriter.Block ColumnLoop(SourceWriter code, ColumnRun columns)
    {
        if (columns.Repeats > 1)
        {
            return code.For("block", 0, columns.Repeats);
        }

        var single = code.Open();
        code.Line("const int block = 0;");
        return single;
    }

    private static void Tiles(TiledConvKernel kernel, KernelWriter writer, TilePlan tiles)
    {
        var (code, g, columns) = (writer.Code, kernel.Geometry, tiles.Columns);
        var firstTap = g.Vertical.LeavesInput(g.OutputRows, g.Rows)
            ? $" + (firstTap * {g.Horizontal.Kernel * g.GroupChannels * columns.SummandStride})"
            : "";
        code.Line($"// Channels from {columns.Column} on, {columns.Width} at a time.");
        code.Line(
            $"ref var weights = ref Unsafe.Add({writer.Weights(kernel.Weights)}, (group * {kernel.Layout.Elements}) + {columns.WeightOffset} + (block * {columns.RepeatStride}){firstTap});"
        );
        if (kernel.Bias is { } bias)
        {
            code.Line(
                $"ref var bias = ref Unsafe.Add({writer.Weights(bias)}, (group * {g.GroupOutputs}) + {columns.Column} + (block * {columns.Width}));"
            );
        }

        code.Line($"ref var results = ref Unsafe.Add(ref target, {columns.Column} + (block * {columns.Width}));");
        foreach (var pixels in tiles.Pixels)
        {
            using (
                pixels.Repeats > 1
                    ? code.For("pixel", pixels.First, pixels.First + (pixels.Repeats * pixels.Pixels), pixels.Pixels)
                    : code.Open()
            )
            {
                Tile(kernel, code, columns, pixels);
            }
        }
    }

    private static void Tile(TiledConvKernel kernel, SourceWriter code, ColumnRun columns, PixelRun pixels)
    {
        var (g, horizontal) = (kernel.Geometry, kernel.Geometry.Horizontal);
        var tile = new FloatTile(code, columns, pixels);
        tile.Begin(kernel.Bias is null ? null : "bias");
        var loopsTaps = g.Vertical.Kernel > 1 || g.Vertical.LeavesInput(g.OutputRows, g.Rows);
        var rowStart = loopsTaps ? "line" : "source";
        if (loopsTaps)
        {
            code.Line("ref var line = ref source;");
            code.Line("ref var lineWeights = ref weights;");
        }

        var bounded = g.Vertical.LeavesInput(g.OutputRows, g.Rows);
        using (
            !loopsTaps ? code.Open()
            : bounded ? code.Open("for (nint tap = firstTap; tap < lastTap; tap++)")
            : code.For("tap", 0, g.Vertical.Kernel)
        )
        {
            foreach (var segment in g.Segments(pixels.First, pixels.Pixels))
            {
                Segment(kernel, code, columns, pixels, tile, rowStart, loopsTaps ? "lineWeights" : "weights", segment);
            }

            if (loopsTaps)
            {
                code.Line($"line = ref Unsafe.Add(ref line, {g.Vertical.Dilation * g.Columns * g.Channels});");
                code.Line($"lineWeights = ref Unsafe.Add(ref lineWeights, {horizontal.Kernel * g.GroupChannels * columns.SummandStride});");
            }
        }

        var first = pixels.Repeats > 1 ? $"pixel * {g.OutputChannels}" : $"{pixels.First * g.OutputChannels}";
        code.Line($"ref var y = ref Unsafe.Add(ref results, {first});");
        tile.Store("y", g.OutputChannels, kernel.Activation);
    }

    private static void Segment(
        TiledConvKernel kernel,
        SourceWriter code,
        ColumnRun columns,
        PixelRun pixels,
        FloatTile tile,
        string line,
        string weights,
        (int Begin, int End, int First, int Last) segment
    )
    {
        var (g, horizontal) = (kernel.Geometry, kernel.Geometry.Horizontal);
        var pixelStride = horizontal.Stride * g.Channels;

        // Where a tile repeats, all its taps lie inside, so that pixel 0 of the row may stand for its position.
        var repeats = pixels.Repeats > 1;
        var position =
            (((repeats ? 0 : pixels.First) + segment.First) * horizontal.Stride) - horizontal.Pad + (segment.Begin * horizontal.Dilation);
        var contiguous = g.Group == 1 && horizontal.Dilation == 1;
        using (code.Open())
        {
            var moved = repeats ? $"(pixel * {pixelStride}) + {position * g.Channels}" : $"{position * g.Channels}";
            code.Line($"ref var x = ref Unsafe.Add(ref {line}, {moved});");
            code.Line($"ref var w = ref Unsafe.Add(ref {weights}, {segment.Begin * g.GroupChannels * columns.SummandStride});");
            var taps = segment.End - segment.Begin;
            if (contiguous || taps == 1)
            {
                tile.Accumulate(taps * g.GroupChannels, segment.First, segment.Last, pixelStride);
                return;
            }

            using (code.For("column", 0, taps))
            {
                tile.Accumulate(g.GroupChannels, segment.First, segment.Last, pixelStride);
                code.Line($"x = ref Unsafe.Add(ref x, {(horizontal.Dilation * g.Channels) - g.GroupChannels});");
            }
        }
    }
}
