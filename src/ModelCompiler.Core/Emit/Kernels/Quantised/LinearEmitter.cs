using System.Globalization;
using ModelCompiler.Graphs;
using ModelCompiler.Lowering.Kernels.Quantised;

namespace ModelCompiler.Emit.Kernels.Quantised;

/// <summary>Quantising and dequantising.</summary>
internal static class LinearEmitter
{
    public static void Emit(QuantizeKernel kernel, KernelWriter writer)
    {
        if (kernel.IsVectorised)
        {
            var zero = kernel.Grid.ZeroPoint.ToString(CultureInfo.InvariantCulture);
            new QuantizeEmitter(writer, kernel.Element, Literals.Float(kernel.Grid.Scale), zero, kernel.Reciprocal).Row(kernel.Grid.Inner);
            return;
        }

        var type = KernelWriter.TypeName(writer.Step.Outputs[0]);
        EmitLoops(
            kernel.Grid,
            kernel.AtRunTime,
            writer,
            (code, scale, zero) =>
                code.Line(
                    $"Unsafe.Add(ref {writer.Output()}, i) = ({type}){QuantizeEmitter.Scalar(writer, kernel.Element, $"Unsafe.Add(ref {writer.Input(0)}, i)", scale, zero)};"
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
        new QuantizeEmitter(writer, ElementType.UInt8, "scale", "zero", null).Row(kernel.Elements);
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

    /// <summary>Loops over all elements <c>i</c> in which scale and zero point are known.</summary>
    private static void EmitLoops(LinearGrid grid, bool atRunTime, KernelWriter writer, Action<SourceWriter, string, string> body)
    {
        var code = writer.Code;
        var several = atRunTime ? writer.Step.Inputs[1].Type.Shape.Elements > 1 : grid.Scales is not null;
        if (!several)
        {
            var (scale, zero) = atRunTime
                ? (writer.Input(1), writer.Step.Inputs.Count > 2 ? writer.Input(2) : "0")
                : (Literals.Float(grid.Scale), grid.ZeroPoint.ToString(CultureInfo.InvariantCulture));
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
