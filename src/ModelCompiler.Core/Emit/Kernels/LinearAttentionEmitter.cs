using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

/// <summary>Everything is a sum of rows of the state, or a row added to it.</summary>
internal static class LinearAttentionEmitter
{
    public static void Emit(LinearAttentionKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        var (heads, size) = (kernel.Operator.Heads, kernel.Keys * kernel.Values);
        writer.Use(RowCode);
        code.Line($"ref float written = ref Unsafe.As<byte, float>(ref {KernelWriter.Scratch});");
        var states = $"MemoryMarshal.CreateSpan(ref {writer.Output(1)}, {kernel.Batches * heads * size})";
        code.Line(
            kernel.Past is { } past
                ? $"MemoryMarshal.CreateSpan(ref {writer.Input(past)}, {kernel.Batches * heads * size}).CopyTo({states});"
                : $"{states}.Clear();"
        );
        using var batch = code.For("batch", 0, kernel.Batches);
        using var step = code.For("t", 0, kernel.Steps);
        using var head = code.For("head", 0, heads);
        code.Line($"nint place = (batch * {kernel.Steps} + t) * {heads} + head;");
        code.Line($"ref float state = ref Unsafe.Add(ref {writer.Output(1)}, (batch * {heads} + head) * {size});");
        code.Line($"ref float key = ref Unsafe.Add(ref {writer.Input(1)}, place * {kernel.Keys});");
        code.Line($"ref float value = ref Unsafe.Add(ref {writer.Input(2)}, place * {kernel.Values});");
        EmitDecay(kernel, writer);
        EmitWrite(kernel, writer);
        EmitRead(kernel, writer);
    }

    private static void EmitDecay(LinearAttentionKernel kernel, KernelWriter writer)
    {
        if (kernel.Decay is not { } decay)
        {
            return;
        }

        if (!kernel.DecayPerKey)
        {
            writer.Code.Line(
                $"Shared.ScaleRow(ref state, MathF.Exp(Unsafe.Add(ref {writer.Input(decay)}, place)), {kernel.Keys * kernel.Values});"
            );
            return;
        }

        using var row = writer.Code.For("i", 0, kernel.Keys);
        var factor = $"MathF.Exp(Unsafe.Add(ref {writer.Input(decay)}, place * {kernel.Keys} + i))";
        writer.Code.Line($"Shared.ScaleRow(ref Unsafe.Add(ref state, i * {kernel.Values}), {factor}, {kernel.Values});");
    }

    private static void EmitWrite(LinearAttentionKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        if (kernel.Rate is { } rate)
        {
            var index = kernel.RatePerHead ? "place" : $"batch * {kernel.Steps} + t";
            EmitSum(kernel, code, "written", "Unsafe.Add(ref key, i)");
            code.Line($"float rate = Unsafe.Add(ref {writer.Input(rate)}, {index});");
            using var element = code.For("j", 0, kernel.Values);
            code.Line("Unsafe.Add(ref written, j) = rate * (Unsafe.Add(ref value, j) - Unsafe.Add(ref written, j));");
        }

        using var row = code.For("i", 0, kernel.Keys);
        var added = kernel.Rate is null ? "value" : "written";
        code.Line($"Shared.AddRow(ref Unsafe.Add(ref state, i * {kernel.Values}), ref {added}, Unsafe.Add(ref key, i), {kernel.Values});");
    }

    private static void EmitRead(LinearAttentionKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        var group = kernel.Operator.QueryHeads / kernel.Operator.Heads;
        using var query = code.For("q", $"place * {group}", $"place * {group} + {group}");
        code.Line($"ref float y = ref Unsafe.Add(ref {writer.Output(0)}, q * {kernel.Values});");
        EmitSum(kernel, code, "y", $"{Literals.Float(kernel.Operator.Scale)} * Unsafe.Add(ref {writer.Input(0)}, q * {kernel.Keys} + i)");
    }

    private static void EmitSum(LinearAttentionKernel kernel, SourceWriter code, string to, string factor)
    {
        code.Line($"MemoryMarshal.CreateSpan(ref {to}, {kernel.Values}).Clear();");
        using var row = code.For("i", 0, kernel.Keys);
        code.Line($"Shared.AddRow(ref {to}, ref Unsafe.Add(ref state, i * {kernel.Values}), {factor}, {kernel.Values});");
    }

    private static readonly SharedCode RowCode = new(
        "AddRow",
        """
        internal static void AddRow(ref float to, ref float row, float factor, nint count)
        {
            nint i = 0;
            for (; i <= count - 4; i += 4)
            {
                var sum = Vector128.LoadUnsafe(ref to, (nuint)i) + Vector128.LoadUnsafe(ref row, (nuint)i) * factor;
                sum.StoreUnsafe(ref to, (nuint)i);
            }

            for (; i < count; i++)
            {
                Unsafe.Add(ref to, i) += Unsafe.Add(ref row, i) * factor;
            }
        }

        internal static void ScaleRow(ref float row, float factor, nint count)
        {
            nint i = 0;
            for (; i <= count - 4; i += 4)
            {
                (Vector128.LoadUnsafe(ref row, (nuint)i) * factor).StoreUnsafe(ref row, (nuint)i);
            }

            for (; i < count; i++)
            {
                Unsafe.Add(ref row, i) *= factor;
            }
        }
        """
    );
}
