using ModelCompiler.Graphs;
using ModelCompiler.Lowering.Kernels.Quantised;

namespace ModelCompiler.Emit.Kernels.Quantised;

/// <summary>Quantising and dequantising.</summary>
internal static class LinearEmitter
{
    /// <summary>
    /// Bounds before the conversion, so that no float beyond an integer's range is converted; the comparison is false for what
    /// is not a number, which becomes the lowest value.
    /// </summary>
    private static readonly SharedCode Quantize = new(
        "Quantize",
        """
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static int Quantize(float value, float scale, int zeroPoint, float lowest, float highest)
        {
            var (low, high) = (lowest - zeroPoint, highest - zeroPoint);
            var quotient = value / scale;
            quotient = quotient > low ? quotient : low;
            return (int)MathF.Round(quotient < high ? quotient : high) + zeroPoint;
        }
        """
    );

    public static void Emit(QuantizeKernel kernel, KernelWriter writer)
    {
        writer.Use(Quantize);
        if (kernel.IsVectorised)
        {
            EmitQuantizeVectors(kernel, writer);
            return;
        }

        var type = KernelWriter.TypeName(writer.Step.Outputs[0]);
        EmitLoops(
            kernel.Grid,
            kernel.AtRunTime,
            writer,
            (code, scale, zero) =>
                code.Line(
                    $"Unsafe.Add(ref {writer.Output()}, i) = ({type}){Quantized(kernel.Element, $"Unsafe.Add(ref {writer.Input(0)}, i)", scale, zero)};"
                )
        );
    }

    public static void Emit(DequantizeKernel kernel, KernelWriter writer)
    {
        if (kernel.IsVectorised)
        {
            EmitDequantizeVectors(kernel, writer);
            return;
        }

        EmitLoops(
            kernel.Grid,
            kernel.AtRunTime,
            writer,
            (code, scale, zero) =>
                code.Line(
                    $"Unsafe.Add(ref {writer.Output()}, i) = {(zero == "0" ? $"Unsafe.Add(ref {writer.Input(0)}, i)" : $"(float)(Unsafe.Add(ref {writer.Input(0)}, i) - {zero})")} * {scale};"
                )
        );
    }

    public static void Emit(DynamicQuantizeKernel kernel, KernelWriter writer)
    {
        writer.Use(Quantize);
        var (code, text) = (writer.Code, new ByteText(writer));
        var vectors = kernel.Elements / text.Lanes * text.Lanes;
        code.Line($"var (lows, highs) = ({text.Vector}<float>.Zero, {text.Vector}<float>.Zero);");
        using (code.For("i", 0, vectors, text.Lanes))
        {
            code.Line($"var x = {text.Vector}.LoadUnsafe(ref Unsafe.Add(ref {writer.Input()}, i));");
            code.Line($"lows = {text.Vector}.MinNative(lows, x);");
            code.Line($"highs = {text.Vector}.MaxNative(highs, x);");
        }

        code.Line("var (lowest, highest) = (0f, 0f);");
        using (code.For("i", 0, text.Lanes))
        {
            code.Line("lowest = MathF.Min(lowest, lows.GetElement((int)i));");
            code.Line("highest = MathF.Max(highest, highs.GetElement((int)i));");
        }

        using (code.For("i", vectors, kernel.Elements))
        {
            code.Line($"lowest = MathF.Min(lowest, Unsafe.Add(ref {writer.Input()}, i));");
            code.Line($"highest = MathF.Max(highest, Unsafe.Add(ref {writer.Input()}, i));");
        }

        code.Line("var scale = highest == lowest ? 1f : (highest - lowest) / 255f;");
        code.Line("int zero = (byte)MathF.Round(MathF.Max(0f, MathF.Min(255f, 0f - lowest / scale)));");
        code.Line($"{writer.Output(1)} = scale;");
        code.Line($"{writer.Output(2)} = (byte)zero;");
        EmitQuantizeRow(ElementType.UInt8, kernel.Elements, "scale", "zero", writer, text);
    }

    private static void EmitQuantizeVectors(QuantizeKernel kernel, KernelWriter writer)
    {
        var grid = kernel.Grid;
        var zero = grid.ZeroPoint.ToString(System.Globalization.CultureInfo.InvariantCulture);
        EmitQuantizeRow(kernel.Element, grid.Inner, Literals.Float(grid.Scale), zero, writer, new ByteText(writer));
    }

    private static void EmitQuantizeRow(ElementType element, int elements, string scale, string zero, KernelWriter writer, ByteText text)
    {
        var code = writer.Code;
        var vectors = elements / text.Block * text.Block;
        var type = element.CSharpName();
        if (vectors > 0)
        {
            code.Line($"var scales = {text.Vector}.Create({scale});");
            code.Line($"var zeros = {text.Vector}.Create({zero});");
            code.Line($"var low = {text.Vector}.Create({element.LowestValue()}f - {zero});");
            code.Line($"var high = {text.Vector}.Create({element.HighestValue()}f - {zero});");
            using var loop = code.For("i", 0, vectors, text.Block);
            for (var part = 0; part < ByteText.Parts; part++)
            {
                var quotient = $"{text.Vector}.LoadUnsafe(ref Unsafe.Add(ref {writer.Input()}, i + {part * text.Lanes})) / scales";
                code.Line($"var x{part} = {quotient};");
                code.Line($"var v{part} = {text.Rounded(text.ClampedNumber($"x{part}", "low", "high"))} + zeros;");
            }

            code.Line(text.Store("v0, v1, v2, v3", $"Unsafe.Add(ref {writer.Output()}, i)"));
        }

        if (vectors < elements)
        {
            using var loop = code.For("i", vectors, elements);
            code.Line(
                $"Unsafe.Add(ref {writer.Output()}, i) = ({type}){Quantized(element, $"Unsafe.Add(ref {writer.Input()}, i)", scale, zero)};"
            );
        }
    }

    private static void EmitDequantizeVectors(DequantizeKernel kernel, KernelWriter writer)
    {
        var (code, text, grid) = (writer.Code, new ByteText(writer), kernel.Grid);
        var vectors = grid.Inner / text.Block * text.Block;
        if (vectors > 0)
        {
            code.Line($"var scale = {text.All(grid.Scale)};");
            code.Line($"var zero = {text.All((float)grid.ZeroPoint)};");
            using var loop = code.For("i", 0, vectors, text.Block);
            for (var part = 0; part < ByteText.Parts; part++)
            {
                var at = $"i + {part * text.Lanes}";
                var value = text.Floats($"Unsafe.Add(ref {writer.Input()}, {at})");
                code.Line($"(({value} - zero) * scale).StoreUnsafe(ref Unsafe.Add(ref {writer.Output()}, {at}));");
            }
        }

        if (vectors < grid.Inner)
        {
            using var loop = code.For("i", vectors, grid.Inner);
            code.Line(
                $"Unsafe.Add(ref {writer.Output()}, i) = (float)(Unsafe.Add(ref {writer.Input()}, i) - {grid.ZeroPoint}) * {Literals.Float(grid.Scale)};"
            );
        }
    }

    private static string Quantized(ElementType element, string value, string scale, string zero) =>
        $"Shared.Quantize({value}, {scale}, {zero}, {element.LowestValue()}f, {element.HighestValue()}f)";

    /// <summary>Loops over all elements <c>i</c> in which scale and zero point are known.</summary>
    private static void EmitLoops(LinearGrid grid, bool atRunTime, KernelWriter writer, Action<SourceWriter, string, string> body)
    {
        var code = writer.Code;
        var several = atRunTime ? writer.Step.Inputs[1].Type.Shape.Elements > 1 : grid.Scales is not null;
        if (!several)
        {
            var (scale, zero) = atRunTime
                ? (writer.Input(1), writer.Step.Inputs.Count > 2 ? writer.Input(2) : "0")
                : (Literals.Float(grid.Scale), grid.ZeroPoint.ToString(System.Globalization.CultureInfo.InvariantCulture));
            using var loop = code.For("i", 0, grid.Inner);
            body(code, scale, zero);
            return;
        }

        var (scales, zeros) = atRunTime
            ? (writer.Input(1), writer.Step.Inputs.Count > 2 ? writer.Input(2) : null)
            : (DeclareScales(grid, writer), grid.ZeroPoints is null ? null : "zeros");
        using var outer = code.For("o", 0, grid.Outer);
        using var along = code.For("a", 0, grid.Along);
        using var inner = code.For("n", 0, grid.Inner);
        var blocks = grid.BlockSize > 0 ? (grid.Along + grid.BlockSize - 1) / grid.BlockSize : 0;
        code.Line($"var g = {(grid.BlockSize > 0 ? $"((o * {blocks}) + (a / {grid.BlockSize})) * {grid.Inner} + n" : "a")};");
        code.Line($"var i = ((o * {grid.Along}) + a) * {grid.Inner} + n;");
        body(code, $"Unsafe.Add(ref {scales}, g)", zeros is null ? "0" : $"Unsafe.Add(ref {zeros}, g)");
    }

    private static string DeclareScales(LinearGrid grid, KernelWriter writer)
    {
        var code = writer.Code;
        code.Line($"ref var scales = {writer.Weights(grid.Scales!)};");
        if (grid.ZeroPoints is { } zeros)
        {
            code.Line($"ref var zeros = {writer.Weights(zeros)};");
        }

        return "scales";
    }
}
