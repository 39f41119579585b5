using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

/// <summary>Finds the four pixels around each sample and their weights once for all channels.</summary>
internal static class RoiAlignEmitter
{
    public static void Emit(RoiAlignKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        var (op, images, type) = (kernel.Operator, kernel.Images, KernelWriter.TypeName(writer.Step.Inputs[0]));
        writer.Use(GatherEmitter.IndexCode);
        using var region = code.For("region", 0, kernel.Regions);
        EmitRegion(kernel, writer, type);
        using var row = code.For("row", 0, op.Height);
        using var column = code.For("column", 0, op.Width);
        var output = $"region * {images[1] * op.Height * op.Width} + row * {op.Width} + column";
        code.Line($"ref {type} y = ref Unsafe.Add(ref {writer.Output()}, {output});");
        using (code.For("c", 0, images[1]))
        {
            code.Line($"{Channel(kernel)} = 0;");
        }

        using (code.For("i", "0", "rows"))
        {
            EmitPosition(code, "v", $"top + row * binHeight + (i + ({type})0.5) * binHeight / rows", images[2], type);
            using var sample = code.For("j", "0", "columns");
            EmitPosition(code, "h", $"left + column * binWidth + (j + ({type})0.5) * binWidth / columns", images[3], type);
            EmitSample(kernel, code, type);
        }

        if (!op.IsMaximum)
        {
            using var mean = code.For("c", 0, images[1]);
            code.Line($"{Channel(kernel)} /= Math.Max(rows * columns, 1);");
        }
    }

    private static void EmitRegion(RoiAlignKernel kernel, KernelWriter writer, string type)
    {
        var code = writer.Code;
        var (op, images) = (kernel.Operator, kernel.Images);
        var (scale, offset) = (Literals.Float(op.Scale), op.IsHalfPixel ? $" - ({type})0.5" : "");
        code.Line($"ref {type} corner = ref Unsafe.Add(ref {writer.Input(1)}, region * 4);");
        code.Line($"{type} left = corner * {scale}{offset}, top = Unsafe.Add(ref corner, 1) * {scale}{offset};");
        code.Line(
            $"{type} width = Unsafe.Add(ref corner, 2) * {scale}{offset} - left, height = Unsafe.Add(ref corner, 3) * {scale}{offset} - top;"
        );
        if (!op.IsHalfPixel)
        {
            code.Line("width = Math.Max(width, 1);");
            code.Line("height = Math.Max(height, 1);");
        }

        code.Line($"{type} binHeight = height / {op.Height}, binWidth = width / {op.Width};");
        code.Line($"int rows = {Samples("binHeight")}, columns = {Samples("binWidth")};");
        code.Line($"nint image = Shared.Position(Unsafe.Add(ref {writer.Input(2)}, region), {images[0]});");
        code.Line($"ref {type} x = ref Unsafe.Add(ref {writer.Input(0)}, image * {images[1] * images[2] * images[3]});");

        // More than a million rows of samples come from broken regions only.
        string Samples(string size) => op.Samples > 0 ? $"{op.Samples}" : $"(int)Math.Clamp(Math.Ceiling({size}), 0, 1 << 20)";
    }

    /// <summary>The two pixels around a coordinate, the weight of the second, and whether it is near the image at all.</summary>
    private static void EmitPosition(SourceWriter code, string name, string position, int size, string type)
    {
        code.Line($"{type} {name} = {position};");
        code.Line($"bool {name}Inside = {name} >= -1 && {name} <= {size};");
        code.Line($"{name} = Math.Clamp({name}, 0, {size - 1});");
        code.Line($"nint {name}0 = {name}Inside ? (nint){name} : 0, {name}1 = Math.Min({name}0 + 1, {size - 1});");
        code.Line($"{name} -= {name}0;");
    }

    private static void EmitSample(RoiAlignKernel kernel, SourceWriter code, string type)
    {
        var (height, width) = (kernel.Images[2], kernel.Images[3]);
        code.Line($"{type} factor = vInside && hInside ? 1 : 0;");
        code.Line(
            $"{type} w00 = factor * (1 - v) * (1 - h), w01 = factor * (1 - v) * h, w10 = factor * v * (1 - h), w11 = factor * v * h;"
        );
        using var channel = code.For("c", 0, kernel.Images[1]);
        code.Line($"ref {type} plane = ref Unsafe.Add(ref x, c * {height * width});");
        code.Line($"{type} p00 = w00 * {Pixel("v0", "h0")}, p01 = w01 * {Pixel("v0", "h1")};");
        code.Line($"{type} p10 = w10 * {Pixel("v1", "h0")}, p11 = w11 * {Pixel("v1", "h1")};");
        if (!kernel.Operator.IsMaximum)
        {
            code.Line($"{Channel(kernel)} += p00 + p01 + p10 + p11;");
            return;
        }

        code.Line($"{type} greatest = Math.Max(Math.Max(p00, p01), Math.Max(p10, p11));");
        code.Line($"ref {type} best = ref {Channel(kernel)};");
        code.Line("best = i == 0 && j == 0 ? greatest : Math.Max(best, greatest);");

        string Pixel(string row, string column) => $"Unsafe.Add(ref plane, {row} * {width} + {column})";
    }

    private static string Channel(RoiAlignKernel kernel) => $"Unsafe.Add(ref y, c * {kernel.Operator.Height * kernel.Operator.Width})";
}
