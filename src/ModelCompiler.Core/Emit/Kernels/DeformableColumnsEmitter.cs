using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

/// <summary>Finds the four pixels around each moved tap and their weights once for all channels of a group.</summary>
internal static class DeformableColumnsEmitter
{
    public static void Emit(DeformableColumnsKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        var (window, images, type) = (kernel.Operator.Window, kernel.Images, KernelWriter.TypeName(writer.Step.Inputs[0]));
        var (taps, plane, channels) = (window.Taps, kernel.Rows * kernel.Columns, images[1] / kernel.Operator.Groups);
        using var batch = code.For("batch", 0, images[0]);
        using var group = code.For("group", 0, kernel.Operator.Groups);
        var first = $"(batch * {kernel.Operator.Groups} + group) * {channels}";
        code.Line($"ref {type} x = ref Unsafe.Add(ref {writer.Input(0)}, {first} * {images[2] * images[3]});");
        code.Line($"ref {type} y = ref Unsafe.Add(ref {writer.Output()}, {first} * {taps * plane});");
        using var tap = code.For("tap", 0, taps);
        code.Line($"nint tapRow = tap / {window.Kernel[1]}, tapColumn = tap % {window.Kernel[1]};");
        code.Line($"nint plane = ((batch * {kernel.Operator.Groups} + group) * {taps} + tap) * {plane};");
        using var row = code.For("row", 0, kernel.Rows);
        using var column = code.For("column", 0, kernel.Columns);
        code.Line($"nint place = row * {kernel.Columns} + column;");
        EmitPosition(0, "v", "row", "tapRow", "2 * plane + place");
        EmitPosition(1, "h", "column", "tapColumn", $"2 * plane + {plane} + place");
        code.Line($"{type} factor = {(writer.Step.Inputs.Count > 2 ? $"Unsafe.Add(ref {writer.Input(2)}, plane + place)" : "1")};");
        EmitChannels(kernel, writer, type, channels);

        void EmitPosition(int axis, string name, string output, string tapIndex, string offset)
        {
            var size = images[axis + 2];
            var origin = $"{output} * {window.Strides[axis]} + {tapIndex} * {window.Dilations[axis]} - {window.PadsBegin[axis]}";
            code.Line($"{type} {name} = {origin} + Unsafe.Add(ref {writer.Input(1)}, {offset});");
            code.Line($"{name} = {name} > -1 && {name} < {size} ? {name} : -1;");
            code.Line($"nint {name}0 = (nint)Math.Floor({name}), {name}1 = {name}0 + 1;");
            code.Line(
                $"{type} {name}Far = {name}1 < {size} ? {name} - {name}0 : 0, {name}Near = {name}0 >= 0 ? 1 - ({name} - {name}0) : 0;"
            );
            code.Line($"{name}0 = Math.Max({name}0, 0);");
            code.Line($"{name}1 = Math.Min({name}1, {size - 1});");
        }
    }

    private static void EmitChannels(DeformableColumnsKernel kernel, KernelWriter writer, string type, int channels)
    {
        var code = writer.Code;
        var (width, size) = (kernel.Images[3], kernel.Images[2] * kernel.Images[3]);
        var plane = kernel.Rows * kernel.Columns;
        code.Line(
            $"{type} w00 = factor * vNear * hNear, w01 = factor * vNear * hFar, w10 = factor * vFar * hNear, w11 = factor * vFar * hFar;"
        );
        code.Line($"nint p00 = v0 * {width} + h0, p01 = v0 * {width} + h1, p10 = v1 * {width} + h0, p11 = v1 * {width} + h1;");
        using var channel = code.For("c", 0, channels);
        code.Line($"ref {type} image = ref Unsafe.Add(ref x, c * {size});");
        code.Line(
            $"Unsafe.Add(ref y, (c * {kernel.Operator.Window.Taps} + tap) * {plane} + place) = "
                + "w00 * Unsafe.Add(ref image, p00) + w01 * Unsafe.Add(ref image, p01) + w10 * Unsafe.Add(ref image, p10) + w11 * Unsafe.Add(ref image, p11);"
        );
    }
}
