using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Kernels.Quantised;

namespace ModelCompiler.Emit.Kernels.Quantised;

internal static class LookupTableEmitter
{
    private const int Unrolled = 8;

    public static void Emit(LookupTableKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        string Bytes(string name, Lowering.Operand operand) => $"ref Unsafe.As<{KernelWriter.TypeName(operand)}, byte>(ref {name})";
        code.Line($"ref var table = {writer.Weights(kernel.Table)};");
        code.Line($"ref var x = {Bytes(writer.Input(), writer.Step.Inputs[0])};");
        code.Line($"ref var y = {Bytes(writer.Output(), writer.Step.Outputs[0])};");
        var unrolled = kernel.Elements / Unrolled * Unrolled;
        if (unrolled > 0)
        {
            using var loop = code.For("i", 0, unrolled, Unrolled);
            for (var k = 0; k < Unrolled; k++)
            {
                code.Line($"Unsafe.Add(ref y, i + {k}) = Unsafe.Add(ref table, (nint)Unsafe.Add(ref x, i + {k}));");
            }
        }

        if (unrolled < kernel.Elements)
        {
            using var loop = code.For("i", unrolled, kernel.Elements);
            code.Line("Unsafe.Add(ref y, i) = Unsafe.Add(ref table, (nint)Unsafe.Add(ref x, i));");
        }
    }
}

internal static class QuantizedGlobalAveragePoolEmitter
{
    public static void Emit(QuantizedGlobalAveragePoolKernel kernel, KernelWriter writer)
    {
        var (code, text, op) = (writer.Code, new ByteText(writer), kernel.Operator);
        var type = KernelWriter.TypeName(writer.Step.Outputs[0]);
        var (low, high) = ((float)op.Low - op.Y.ZeroPoint, (float)op.High - op.Y.ZeroPoint);
        var start = -op.X.ZeroPoint * kernel.Positions;
        var vectors = kernel.Channels / text.Lanes * text.Lanes;
        using var batch = code.For("n", 0, kernel.Batch);
        code.Line($"ref var x = ref Unsafe.Add(ref {writer.Input()}, n * {kernel.Positions * kernel.Channels});");
        code.Line($"ref var y = ref Unsafe.Add(ref {writer.Output()}, n * {kernel.Channels});");
        if (vectors > 0)
        {
            using var loop = code.For("c", 0, vectors, text.Lanes);
            code.Line($"var sum = {text.All(start)};");
            using (code.For("p", 0, kernel.Positions))
            {
                code.Line($"sum += {text.Integers($"Unsafe.Add(ref x, p * {kernel.Channels} + c)")};");
            }

            var value = text.Clamped($"{text.Vector}.ConvertToSingle(sum) * {text.All(kernel.Multiplier)}", text.All(low), text.All(high));
            code.Line(text.StoreLanes($"{text.Rounded(value)} + {text.All(op.Y.ZeroPoint)}", "Unsafe.Add(ref y, c)"));
        }

        if (vectors < kernel.Channels)
        {
            using var loop = code.For("c", vectors, kernel.Channels);
            code.Line($"var sum = {start};");
            using (code.For("p", 0, kernel.Positions))
            {
                code.Line($"sum += Unsafe.Add(ref x, p * {kernel.Channels} + c);");
            }

            var value = ByteText.ScalarRounded($"sum * {Literals.Float(kernel.Multiplier)}", Literals.Float(low), Literals.Float(high));
            code.Line($"Unsafe.Add(ref y, c) = ({type})({value} + {op.Y.ZeroPoint});");
        }
    }
}

internal static class QuantizedAveragePoolEmitter
{
    public static void Emit(QuantizedAveragePoolKernel kernel, KernelWriter writer)
    {
        var (code, text, window) = (writer.Code, new ByteText(writer), kernel.Operator.Window);
        var (x, y) = (kernel.Input, kernel.Output);
        var channels = x[x.Rank - 1];
        var open = new Stack<SourceWriter.Block>();
        open.Push(code.For("n", 0, x[0]));
        for (var axis = 0; axis < window.Rank; axis++)
        {
            open.Push(code.For($"o{axis}", 0, y[axis + 1]));
            code.Line($"var s{axis} = o{axis} * {window.Strides[axis]} - {window.PadsBegin[axis]};");
            code.Line($"var e{axis} = Math.Min(s{axis} + {window.Kernel[axis]}, {x[axis + 1]});");
            code.Line($"s{axis} = Math.Max(s{axis}, 0);");
        }

        var axes = Enumerable.Range(0, window.Rank).ToList();
        code.Line(
            kernel.Operator.CountIncludePad
                ? $"const float count = {window.Taps};"
                : $"float count = {string.Join(" * ", axes.Select(a => $"(e{a} - s{a})"))};"
        );
        code.Line($"ref var y = ref Unsafe.Add(ref {writer.Output()}, {Index(axes, "o", y)} * {channels});");
        var blocks = channels / text.Block * text.Block;
        var vectors = channels / text.Lanes * text.Lanes;
        if (blocks > 0)
        {
            text.DeclareParts(code, signed: false);
            using var loop = code.For("c", 0, blocks, text.Block);
            EmitBlock(kernel, writer, text, axes);
        }

        if (blocks < vectors)
        {
            using var loop = code.For("c", blocks, vectors, text.Lanes);
            EmitVectors(kernel, writer, text, axes);
        }

        if (vectors < channels)
        {
            using var loop = code.For("c", vectors, channels);
            EmitScalars(kernel, writer, axes);
        }

        while (open.Count > 0)
        {
            open.Pop().Dispose();
        }
    }

    /// <summary>Four sums at a time, which do not wait for each other: their order allows of no others.</summary>
    private static void EmitBlock(QuantizedAveragePoolKernel kernel, KernelWriter writer, ByteText text, List<int> axes)
    {
        var (code, op) = (writer.Code, kernel.Operator);
        var parts = Enumerable.Range(0, ByteText.Parts).ToList();
        parts.ForEach(part => code.Line($"var sum{part} = {text.Vector}<float>.Zero;"));
        EmitTaps(
            kernel,
            writer,
            axes,
            at =>
            {
                var signed = op.Storage == ElementType.Int8;
                code.Line($"var bytes = {text.Bytes(at, flipped: signed)};");
                var zero = Zero(kernel) + (signed ? 128 : 0);
                parts.ForEach(part => code.Line($"sum{part} += {Term(op, text, text.Floats("bytes", part), zero)};"));
            }
        );
        parts.ForEach(part => code.Line($"var v{part} = {text.Rounded(Mean(op, text, $"sum{part}"))};"));
        var packed = text.Packed("v0, v1, v2, v3", op.Y.Element);
        var output = KernelWriter.TypeName(writer.Step.Outputs[0]);
        code.Line(
            $"({packed}{(op.Storage == op.Y.Element ? "" : $" ^ {text.Vector}.Create((byte)0x80)")}).StoreUnsafe(ref {(output == "byte" ? "Unsafe.Add(ref y, c)" : "Unsafe.As<sbyte, byte>(ref Unsafe.Add(ref y, c))")});"
        );
    }

    private static void EmitVectors(QuantizedAveragePoolKernel kernel, KernelWriter writer, ByteText text, List<int> axes)
    {
        var (code, op) = (writer.Code, kernel.Operator);
        code.Line($"var sum = {text.Vector}<float>.Zero;");
        EmitTaps(kernel, writer, axes, at => code.Line($"sum += {Term(op, text, text.Floats(at), Zero(kernel))};"));
        var offset = ByteText.Offset(op.Storage, op.Y.Element);
        code.Line(text.StoreLanes($"{text.Rounded(Mean(op, text, "sum"))} + {text.All(offset)}", "Unsafe.Add(ref y, c)"));
    }

    /// <summary>An element as the real number it stands for.</summary>
    private static string Term(QuantizedAveragePool op, ByteText text, string value, int zero) =>
        $"{text.All(op.X.Scale)} * {(zero == 0 ? value : $"({value} - {text.All((float)zero)})")}";

    private static string Mean(QuantizedAveragePool op, ByteText text, string sum) =>
        text.Clamped(
            $"{sum} / {text.Vector}.Create(count) / {text.All(op.Y.Scale)} + {text.All((float)op.Y.ZeroPoint)}",
            text.All((float)op.Low),
            text.All((float)op.High)
        );

    private static void EmitScalars(QuantizedAveragePoolKernel kernel, KernelWriter writer, List<int> axes)
    {
        var (code, op) = (writer.Code, kernel.Operator);
        code.Line("var sum = 0f;");
        EmitTaps(kernel, writer, axes, at => code.Line($"sum += {Literals.Float(op.X.Scale)} * ({at} - {Zero(kernel)});"));
        var value = ByteText.ScalarRounded(
            $"sum / count / {Literals.Float(op.Y.Scale)} + {Literals.Float(op.Y.ZeroPoint)}",
            Literals.Float(op.Low),
            Literals.Float(op.High)
        );
        var offset = ByteText.Offset(op.Storage, op.Y.Element);
        code.Line($"Unsafe.Add(ref y, c) = ({KernelWriter.TypeName(writer.Step.Outputs[0])})({value} + {offset});");
    }

    private static void EmitTaps(QuantizedAveragePoolKernel kernel, KernelWriter writer, List<int> axes, Action<string> body)
    {
        var code = writer.Code;
        var open = new Stack<SourceWriter.Block>();
        foreach (var axis in axes)
        {
            open.Push(code.Open($"for (var k{axis} = s{axis}; k{axis} < e{axis}; k{axis}++)"));
        }

        var channels = kernel.Input[kernel.Input.Rank - 1];
        body($"Unsafe.Add(ref {writer.Input()}, {Index(axes, "k", kernel.Input)} * {channels} + c)");
        while (open.Count > 0)
        {
            open.Pop().Dispose();
        }
    }

    /// <summary>The zero point of the input as it lies in memory.</summary>
    private static int Zero(QuantizedAveragePoolKernel kernel) =>
        kernel.Operator.X.ZeroPoint + ByteText.Offset(kernel.Operator.Storage, kernel.Operator.X.Element);

    private static string Index(List<int> axes, string name, TensorShape shape) =>
        axes.Aggregate("n", (index, axis) => $"({index} * {shape[axis + 1]} + {name}{axis})");
}

internal static class QuantizedSoftmaxEmitter
{
    public static void Emit(QuantizedSoftmaxKernel kernel, KernelWriter writer)
    {
        var (code, op) = (writer.Code, kernel.Operator);
        var type = KernelWriter.TypeName(writer.Step.Outputs[0]);
        code.Line($"ref var exponentials = {writer.Weights(kernel.Table)};");
        using var outer = code.For("o", 0, kernel.Outer);
        using var inner = code.For("n", 0, kernel.Inner);
        code.Line($"ref var x = ref Unsafe.Add(ref {writer.Input()}, o * {kernel.Along * kernel.Inner} + n);");
        code.Line($"ref var y = ref Unsafe.Add(ref {writer.Output()}, o * {kernel.Along * kernel.Inner} + n);");
        code.Line($"nint highest = {op.X.Element.LowestValue()};");
        using (code.For("i", 0, kernel.Along))
        {
            code.Line($"highest = Math.Max(highest, Unsafe.Add(ref x, i * {kernel.Inner}));");
        }

        code.Line("// The highest element takes the table's last entry.");
        code.Line("ref var shifted = ref Unsafe.Add(ref exponentials, 255 - highest);");
        code.Line("var sum = 0f;");
        using (code.For("i", 0, kernel.Along))
        {
            code.Line($"sum += Unsafe.Add(ref shifted, (nint)Unsafe.Add(ref x, i * {kernel.Inner}));");
        }

        using (code.For("i", 0, kernel.Along))
        {
            var factor = Literals.Float((float)Math.Floor((float)(1 / op.Y.Scale)));
            code.Line($"var part = Unsafe.Add(ref shifted, (nint)Unsafe.Add(ref x, i * {kernel.Inner})) * {factor} / sum;");
            var (low, high) = (op.Y.Element.LowestValue(), op.Y.Element.HighestValue());
            code.Line(
                $"Unsafe.Add(ref y, i * {kernel.Inner}) = ({type})Math.Clamp((int)MathF.Round(part) + {op.Y.ZeroPoint}, {low}, {high});"
            );
        }
    }
}
