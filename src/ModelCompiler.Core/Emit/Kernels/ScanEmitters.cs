using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

/// <summary>Kernels that walk along one dimension and remember what they have seen, as plain loops.</summary>
internal static class ScanEmitters
{
    public static void Cumulative(CumulativeKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        var (start, sign) = kernel.Function == ReduceFunction.Prod ? ("1", "*") : ("0", "+");
        var row = kernel.Length * kernel.Inner;
        using var outer = code.For("o", 0, kernel.Outer);
        using var inner = code.For("i", 0, kernel.Inner);
        code.Line($"{KernelWriter.TypeName(writer.Step.Outputs[0])} total = {start};");
        using var walk = code.For("k", 0, kernel.Length);
        var step = kernel.Reverse ? $"({kernel.Length - 1} - k)" : "k";
        code.Line($"nint position = o * {row} + {step} * {kernel.Inner} + i;");
        code.Line($"var x = Unsafe.Add(ref {writer.Input()}, position);");
        code.Line($"Unsafe.Add(ref {writer.Output()}, position) = {(kernel.Exclusive ? "total" : $"total {sign} x")};");
        code.Line($"total {sign}= x;");
    }

    public static void TopK(TopKKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        var better = kernel.Smallest ? "<" : ">";
        using var outer = code.For("o", 0, kernel.Outer);
        using var inner = code.For("i", 0, kernel.Inner);
        code.Line($"ref var x = ref Unsafe.Add(ref {writer.Input()}, o * {kernel.Length * kernel.Inner} + i);");
        code.Line($"ref var values = ref Unsafe.Add(ref {writer.Output(0)}, o * {kernel.Count * kernel.Inner} + i);");
        code.Line($"ref var indices = ref Unsafe.Add(ref {writer.Output(1)}, o * {kernel.Count * kernel.Inner} + i);");
        using var walk = code.For("k", 0, kernel.Length);
        code.Line($"var candidate = Unsafe.Add(ref x, k * {kernel.Inner});");
        code.Line($"nint place = k < {kernel.Count} ? k : {kernel.Count};");
        using (code.Open($"while (place > 0 && candidate {better} Unsafe.Add(ref values, (place - 1) * {kernel.Inner}))"))
        {
            using (code.Open($"if (place < {kernel.Count})"))
            {
                code.Line($"Unsafe.Add(ref values, place * {kernel.Inner}) = Unsafe.Add(ref values, (place - 1) * {kernel.Inner});");
                code.Line($"Unsafe.Add(ref indices, place * {kernel.Inner}) = Unsafe.Add(ref indices, (place - 1) * {kernel.Inner});");
            }

            code.Line("place--;");
        }

        using var kept = code.Open($"if (place < {kernel.Count})");
        code.Line($"Unsafe.Add(ref values, place * {kernel.Inner}) = candidate;");
        code.Line($"Unsafe.Add(ref indices, place * {kernel.Inner}) = k;");
    }
}
