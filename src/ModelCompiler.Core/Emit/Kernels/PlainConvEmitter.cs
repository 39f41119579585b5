using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

internal static class PlainConvEmitter
{
    public static void Emit(PlainConvKernel kernel, KernelWriter writer)
    {
        var (code, window, x, y) = (writer.Code, kernel.Window, kernel.Input, kernel.Output);
        var (channels, outputs) = (x[x.Rank - 1], y[y.Rank - 1]);
        var (groupChannels, groupOutputs) = (channels / kernel.Group, outputs / kernel.Group);
        var type = KernelWriter.TypeName(writer.Step.Outputs[0]);
        var open = new Stack<SourceWriter.Block>();
        open.Push(code.For("n", 0, x[0]));
        for (var axis = 0; axis < window.Rank; axis++)
        {
            open.Push(code.For($"o{axis}", 0, y[axis + 1]));
        }

        open.Push(code.For("m", 0, outputs));
        code.Line($"nint group = m / {groupOutputs};");
        code.Line($"{type} sum = {(kernel.HasBias ? $"Unsafe.Add(ref {writer.Input(2)}, m)" : "0")};");
        var taps = open.Count;
        for (var axis = 0; axis < window.Rank; axis++)
        {
            open.Push(code.For($"k{axis}", 0, window.Kernel[axis]));
            EmitPosition(kernel, code, axis);
        }

        var pixel = Index("n", Enumerable.Range(0, window.Rank).Select(axis => ($"i{axis}", x[axis + 1])));
        var tap = Index("0", Enumerable.Range(0, window.Rank).Select(axis => ($"k{axis}", window.Kernel[axis])));
        using (code.For("c", 0, groupChannels))
        {
            var matrix = kernel.IsTransposed
                ? $"((((group * {groupChannels}) + c) * {groupOutputs}) + (m % {groupOutputs}))"
                : $"((m * {groupChannels}) + c)";
            code.Line($"var value = Unsafe.Add(ref {writer.Input(0)}, ({pixel} * {channels}) + (group * {groupChannels}) + c);");
            code.Line($"sum += value * Unsafe.Add(ref {writer.Input(1)}, ({matrix} * {window.Taps}) + {tap});");
        }

        while (open.Count > taps)
        {
            open.Pop().Dispose();
        }

        var target = Index("n", Enumerable.Range(0, window.Rank).Select(axis => ($"o{axis}", y[axis + 1])));
        code.Line($"Unsafe.Add(ref {writer.Output()}, ({target} * {outputs}) + m) = {ClampText.Scalar(kernel.Activation, "sum")};");
        while (open.Count > 0)
        {
            open.Pop().Dispose();
        }
    }

    /// <summary>The input position of a tap, with a jump past it where it lies outside.</summary>
    private static void EmitPosition(PlainConvKernel kernel, SourceWriter code, int axis)
    {
        var window = kernel.Window;
        var (stride, dilation, pad) = (window.Strides[axis], window.Dilations[axis], window.PadsBegin[axis]);
        if (kernel.IsTransposed)
        {
            code.Line($"nint t{axis} = o{axis} + {pad} - (k{axis} * {dilation});");
            code.Line($"nint i{axis} = t{axis} / {stride};");
            code.Line($"if (t{axis} < 0 || i{axis} * {stride} != t{axis} || i{axis} >= {kernel.Input[axis + 1]}) continue;");
        }
        else
        {
            code.Line($"nint i{axis} = (o{axis} * {stride}) - {pad} + (k{axis} * {dilation});");
            code.Line($"if ((nuint)i{axis} >= {kernel.Input[axis + 1]}) continue;");
        }
    }

    private static string Index(string first, IEnumerable<(string Name, int Size)> rest) =>
        rest.Aggregate(first, (index, next) => index == "0" ? next.Name : $"(({index} * {next.Size}) + {next.Name})");
}
