using ModelCompiler.Lowering.Tiling;

namespace ModelCompiler.Emit.Kernels;

/// <summary>The loops over images, groups and rows that convolutions share.</summary>
internal static class ConvRows
{
    /// <summary>
    /// Writes the loops. Inside, <c>source</c> is the first input row that taps lie in, <c>target</c> the output row, both at
    /// the group's first channel; <c>firstTap</c> and <c>lastTap</c> are there where the window leaves the input at top or bottom.
    /// </summary>
    public static void Write(ConvGeometry g, KernelWriter writer, Action body)
    {
        var (code, vertical) = (writer.Code, g.Vertical);
        var open = new Stack<SourceWriter.Block>();
        Loop("image", g.Batch);
        Loop("group", g.Group);
        if (writer.Step.IsRanged)
        {
            open.Push(code.For("row", writer.First, writer.End));
        }
        else
        {
            Loop("row", g.OutputRows);
        }

        if (vertical.LeavesInput(g.OutputRows, g.Rows))
        {
            code.Line($"nint top = (row * {vertical.Stride}) - {vertical.Pad};");
            code.Line($"nint firstTap = top >= 0 ? 0 : (-top + {vertical.Dilation - 1}) / {vertical.Dilation};");
            code.Line($"nint lastTap = Math.Min({vertical.Kernel}, ({g.Rows + vertical.Dilation - 1} - top) / {vertical.Dilation});");
            code.Line($"nint inputRow = firstTap < lastTap ? top + (firstTap * {vertical.Dilation}) : 0;");
        }
        else
        {
            code.Line($"nint inputRow = row * {vertical.Stride};");
        }

        code.Line(
            $"ref var source = ref Unsafe.Add(ref {writer.Input()}, (((image * {g.Rows}) + inputRow) * {g.Columns * g.Channels}) + (group * {g.GroupChannels}));"
        );
        code.Line(
            $"ref var target = ref Unsafe.Add(ref {writer.Output()}, (((image * {g.OutputRows}) + {writer.FromFirst("row")}) * {g.OutputColumns * g.OutputChannels}) + (group * {g.GroupOutputs}));"
        );
        body();
        while (open.Count > 0)
        {
            open.Pop().Dispose();
        }

        void Loop(string index, int count)
        {
            if (count > 1)
            {
                open.Push(code.For(index, 0, count));
            }
            else
            {
                open.Push(code.Open());
                code.Line($"const int {index} = 0;");
            }
        }
    }
}
