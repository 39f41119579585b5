using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

/// <summary>Kernels that pick elements by their values and count them, as plain loops.</summary>
internal static class SelectionEmitters
{
    public static void NonZero(NonZeroKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        var elements = kernel.Sizes.Aggregate(1, (product, size) => product * size);
        Clear(writer, 0);
        code.Line("int count = 0;");
        code.Line($"ref var x = ref {writer.Input()};");
        var loops = kernel.Sizes.Select((size, axis) => code.For(Index(axis), 0, size)).ToArray();
        using (code.Open("if (x != default)"))
        {
            for (var axis = 0; axis < kernel.Sizes.Count; axis++)
            {
                code.Line($"Unsafe.Add(ref {writer.Output(0)}, {axis * elements} + count) = {Index(axis)};");
            }

            code.Line("count++;");
        }

        code.Line("x = ref Unsafe.Add(ref x, 1);");
        foreach (var loop in loops)
        {
            loop.Dispose();
        }

        code.Line($"{writer.Output(1)} = count;");

        static string Index(int axis) => "i" + axis;
    }

    public static void Compress(CompressKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        Clear(writer, 0);
        code.Line("int count = 0;");
        using (code.For("k", 0, kernel.Kept))
        {
            using (code.Open($"if (!Unsafe.Add(ref {writer.Input(1)}, k))"))
            {
                code.Line("continue;");
            }

            using (code.For("o", 0, kernel.Outer))
            {
                code.Line(
                    $"Unsafe.CopyBlockUnaligned(ref Unsafe.Add(ref {writer.OutputBytes(0)}, (o * {kernel.Kept} + count) * {kernel.BlockBytes}), "
                        + $"ref Unsafe.Add(ref {writer.InputBytes(0)}, (o * {kernel.Length} + k) * {kernel.BlockBytes}), {kernel.BlockBytes});"
                );
            }

            code.Line("count++;");
        }

        code.Line($"{writer.Output(1)} = count;");
    }

    public static void Unique(UniqueKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        foreach (var output in new[] { 0, 1, 3 })
        {
            Clear(writer, output);
        }

        code.Line("// Groups of equal parts are numbered as they are found; order lists them by value.");
        code.Line($"ref int order = ref Unsafe.As<byte, int>(ref {KernelWriter.Scratch});");
        code.Line($"ref int first = ref Unsafe.Add(ref order, {kernel.Length});");
        code.Line($"ref int times = ref Unsafe.Add(ref first, {kernel.Length});");
        code.Line($"ref int place = ref Unsafe.Add(ref times, {kernel.Length});");
        code.Line("int count = 0;");
        EmitGrouping(kernel, writer);
        EmitGroups(kernel, writer);
        code.Line($"{writer.Output(4)} = count;");
        code.Line();
        EmitComparison(kernel, writer);
    }

    private static void EmitGrouping(UniqueKernel kernel, KernelWriter writer) =>
        writer.Code.Lines(
            $$"""
            for (int i = 0; i < {{kernel.Length}}; i++)
            {
                int low = 0, high = count, group = -1;
                while (low < high && group < 0)
                {
                    int middle = (low + high) >> 1;
                    int candidate = Unsafe.Add(ref order, middle);
                    int comparison = Compare(ref {{writer.Input()}}, i, Unsafe.Add(ref first, candidate));
                    group = comparison == 0 ? candidate : -1;
                    high = comparison < 0 ? middle : high;
                    low = comparison > 0 ? middle + 1 : low;
                }

                if (group < 0)
                {
                    group = count++;
                    MemoryMarshal.CreateSpan(ref Unsafe.Add(ref order, low), group - low).CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.Add(ref order, low + 1), group - low));
                    Unsafe.Add(ref order, low) = group;
                    Unsafe.Add(ref first, group) = i;
                    Unsafe.Add(ref times, group) = 0;
                }

                Unsafe.Add(ref times, group)++;
                Unsafe.Add(ref {{writer.Output(2)}}, i) = group;
            }
            """
        );

    private static void EmitGroups(UniqueKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        var block = kernel.Inner * kernel.ElementBytes;
        using (code.For("k", "0", "count"))
        {
            code.Line($"int group = {(kernel.IsSorted ? "Unsafe.Add(ref order, k)" : "(int)k")};");
            code.Line("int start = Unsafe.Add(ref first, group);");
            code.Line("Unsafe.Add(ref place, group) = (int)k;");
            code.Line($"Unsafe.Add(ref {writer.Output(1)}, k) = start;");
            code.Line($"Unsafe.Add(ref {writer.Output(3)}, k) = Unsafe.Add(ref times, group);");
            using var outer = code.For("o", 0, kernel.Outer);
            code.Line(
                $"Unsafe.CopyBlockUnaligned(ref Unsafe.Add(ref {writer.OutputBytes(0)}, (o * {kernel.Length} + k) * {block}), "
                    + $"ref Unsafe.Add(ref {writer.InputBytes(0)}, (o * {kernel.Length} + start) * {block}), {block});"
            );
        }

        using (code.For("i", 0, kernel.Length))
        {
            code.Line($"ref long inverse = ref Unsafe.Add(ref {writer.Output(2)}, i);");
            code.Line("inverse = Unsafe.Add(ref place, (nint)inverse);");
        }
    }

    private static void EmitComparison(UniqueKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        using var method = code.Open($"static int Compare(ref {KernelWriter.TypeName(writer.Step.Inputs[0])} x, nint a, nint b)");
        using (code.For("o", 0, kernel.Outer))
        {
            using var inner = code.For("i", 0, kernel.Inner);
            code.Line($"int comparison = {Element("a")}.CompareTo({Element("b")});");
            using var differs = code.Open("if (comparison != 0)");
            code.Line("return comparison;");
        }

        code.Line("return 0;");

        string Element(string part) => $"Unsafe.Add(ref x, (o * {kernel.Length} + {part}) * {kernel.Inner} + i)";
    }

    internal static void Clear(KernelWriter writer, int output) =>
        writer.Code.Line($"Unsafe.InitBlockUnaligned(ref {writer.OutputBytes(output)}, 0, {writer.Step.Outputs[output].Type.Bytes});");
}
