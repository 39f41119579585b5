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
        using var outer = code.For("o", 0, kernel.Outer);
        using var inner = code.For("i", 0, kernel.Inner);
        code.Line($"ref var x = ref Unsafe.Add(ref {writer.Input()}, o * {kernel.Length * kernel.Inner} + i);");
        code.Line($"ref var values = ref Unsafe.Add(ref {writer.Output(0)}, o * {kernel.Count * kernel.Inner} + i);");
        code.Line($"ref var indices = ref Unsafe.Add(ref {writer.Output(1)}, o * {kernel.Count * kernel.Inner} + i);");
        if (kernel.ByHeap)
        {
            EmitHeap(kernel, writer);
        }
        else
        {
            EmitInsertion(kernel, code);
        }
    }

    private static string Better(TopKKernel kernel) => kernel.Smallest ? "<" : ">";

    private static void EmitInsertion(TopKKernel kernel, SourceWriter code)
    {
        using var walk = code.For("k", 0, kernel.Length);
        code.Line($"var candidate = Unsafe.Add(ref x, k * {kernel.Inner});");
        code.Line($"nint place = k < {kernel.Count} ? k : {kernel.Count};");
        using (code.Open($"while (place > 0 && candidate {Better(kernel)} Unsafe.Add(ref values, (place - 1) * {kernel.Inner}))"))
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

    /// <summary>The worst of the best stands at the root; at last the roots are taken off, which gives the others in order.</summary>
    private static void EmitHeap(TopKKernel kernel, KernelWriter writer)
    {
        var (code, inner, type) = (writer.Code, kernel.Inner, KernelWriter.TypeName(writer.Step.Inputs[0]));
        code.Lines(
            $$"""
            for (nint k = 0; k < {{kernel.Count}}; k++)
            {
                Unsafe.Add(ref values, k * {{inner}}) = Unsafe.Add(ref x, k * {{inner}});
                Unsafe.Add(ref indices, k * {{inner}}) = k;
            }

            for (nint start = {{kernel.Count / 2 - 1}}; start >= 0; start--)
            {
                Sink(ref values, ref indices, start, {{kernel.Count}});
            }

            for (nint k = {{kernel.Count}}; k < {{kernel.Length}}; k++)
            {
                var candidate = Unsafe.Add(ref x, k * {{inner}});
                if (candidate {{Better(kernel)}} values)
                {
                    values = candidate;
                    indices = k;
                    Sink(ref values, ref indices, 0, {{kernel.Count}});
                }
            }

            for (nint last = {{kernel.Count - 1}}; last > 0; last--)
            {
                (values, Unsafe.Add(ref values, last * {{inner}})) = (Unsafe.Add(ref values, last * {{inner}}), values);
                (indices, Unsafe.Add(ref indices, last * {{inner}})) = (Unsafe.Add(ref indices, last * {{inner}}), indices);
                Sink(ref values, ref indices, 0, last);
            }

            static void Sink(ref {{type}} values, ref long indices, nint place, nint count)
            {
                var value = Unsafe.Add(ref values, place * {{inner}});
                long index = Unsafe.Add(ref indices, place * {{inner}});
                for (nint child = 2 * place + 1; child < count; child = 2 * place + 1)
                {
                    child += child + 1 < count && IsWorse(Unsafe.Add(ref values, (child + 1) * {{inner}}), Unsafe.Add(ref indices, (child + 1) * {{inner}}), Unsafe.Add(ref values, child * {{inner}}), Unsafe.Add(ref indices, child * {{inner}})) ? 1 : 0;
                    if (!IsWorse(Unsafe.Add(ref values, child * {{inner}}), Unsafe.Add(ref indices, child * {{inner}}), value, index))
                    {
                        break;
                    }

                    Unsafe.Add(ref values, place * {{inner}}) = Unsafe.Add(ref values, child * {{inner}});
                    Unsafe.Add(ref indices, place * {{inner}}) = Unsafe.Add(ref indices, child * {{inner}});
                    place = child;
                }

                Unsafe.Add(ref values, place * {{inner}}) = value;
                Unsafe.Add(ref indices, place * {{inner}}) = index;
            }

            // Of equal elements the one that stands behind.
            static bool IsWorse({{type}} a, long aIndex, {{type}} b, long bIndex) => b {{Better(kernel)}} a || (a == b && aIndex > bIndex);
            """
        );
    }
}
