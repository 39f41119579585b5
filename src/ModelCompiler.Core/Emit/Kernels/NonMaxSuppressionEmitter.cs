using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

/// <summary>
/// Takes the best box that is left, drops those that overlap it too much, and finds the next best on the same way through the list.
/// </summary>
internal static class NonMaxSuppressionEmitter
{
    public static void Emit(NonMaxSuppressionKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        writer.Use(kernel.IsCentred ? CentredCode : CornersCode);
        SelectionEmitters.Clear(writer, 0);
        var most = kernel.MostInput is { } given
            ? $"Math.Clamp({writer.Input(given)}, 0, {kernel.Most})"
            : kernel.Most.ToString(System.Globalization.CultureInfo.InvariantCulture);
        code.Line($"long most = {most};");
        code.Line($"float allowed = {Number(kernel.Overlap, writer)};");
        code.Line("int count = 0;");
        code.Line($"ref int left = ref Unsafe.As<byte, int>(ref {KernelWriter.Scratch});");
        using (code.For("batch", 0, kernel.Batches))
        {
            code.Line($"ref float boxes = ref Unsafe.Add(ref {writer.Input(0)}, batch * {kernel.Boxes * 4});");
            using var classes = code.For("kind", 0, kernel.Classes);
            code.Line($"ref float scores = ref Unsafe.Add(ref {writer.Input(1)}, (batch * {kernel.Classes} + kind) * {kernel.Boxes});");
            EmitCandidates(kernel, writer);
            EmitSelection(kernel, writer);
        }

        code.Line($"{writer.Output(1)} = count;");
    }

    private static void EmitCandidates(NonMaxSuppressionKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        code.Line("int number = 0, best = 0;");
        using var box = code.Open($"for (int i = 0; i < {kernel.Boxes}; i++)");
        if (kernel.Score is { } score)
        {
            using var low = code.Open($"if (!(Unsafe.Add(ref scores, i) > {Number(score, writer)}))");
            code.Line("continue;");
        }

        code.Line("best = number == 0 || Unsafe.Add(ref scores, i) > Unsafe.Add(ref scores, best) ? i : best;");
        code.Line("Unsafe.Add(ref left, number++) = i;");
    }

    private static void EmitSelection(NonMaxSuppressionKernel kernel, KernelWriter writer) =>
        writer.Code.Lines(
            $$"""
            for (long selected = 0; selected < most && number > 0; selected++)
            {
                ref long triple = ref Unsafe.Add(ref {{writer.Output(0)}}, count * 3);
                triple = batch;
                Unsafe.Add(ref triple, 1) = kind;
                Unsafe.Add(ref triple, 2) = best;
                count++;
                int taken = best, kept = 0;
                for (int i = 0; i < number; i++)
                {
                    int box = Unsafe.Add(ref left, i);
                    if (box == taken || Shared.{{(
                kernel.IsCentred ? CentredCode : CornersCode
            ).Name}}(ref Unsafe.Add(ref boxes, taken * 4), ref Unsafe.Add(ref boxes, box * 4), allowed))
                    {
                        continue;
                    }

                    best = kept == 0 || Unsafe.Add(ref scores, box) > Unsafe.Add(ref scores, best) ? box : best;
                    Unsafe.Add(ref left, kept++) = box;
                }

                number = kept;
            }
            """
        );

    private static string Number(KnownOrInput number, KernelWriter writer) =>
        number.Input is { } input ? writer.Input(input) : Literals.Float(number.Known);

    private static readonly SharedCode CornersCode = new("CornersOverlap", Overlap("CornersOverlap", Corner("a"), Corner("b")));

    private static readonly SharedCode CentredCode = new("CentredOverlap", Overlap("CentredOverlap", Centre("a"), Centre("b")));

    /// <summary>Two opposite corners, in any order.</summary>
    private static string Corner(string box) =>
        $"""
                float {box}Left = Math.Min({box}, Unsafe.Add(ref {box}, 2)), {box}Right = Math.Max({box}, Unsafe.Add(ref {box}, 2));
                float {box}Low = Math.Min(Unsafe.Add(ref {box}, 1), Unsafe.Add(ref {box}, 3)), {box}High = Math.Max(Unsafe.Add(ref {box}, 1), Unsafe.Add(ref {box}, 3));
            """.TrimStart();

    private static string Centre(string box) =>
        $"""
                float {box}Left = {box} - Unsafe.Add(ref {box}, 2) / 2, {box}Right = {box} + Unsafe.Add(ref {box}, 2) / 2;
                float {box}Low = Unsafe.Add(ref {box}, 1) - Unsafe.Add(ref {box}, 3) / 2, {box}High = Unsafe.Add(ref {box}, 1) + Unsafe.Add(ref {box}, 3) / 2;
            """.TrimStart();

    private static string Overlap(string name, string a, string b) =>
        $$"""
            internal static bool {{name}}(ref float a, ref float b, float allowed)
            {
                {{a}}
                {{b}}
                float width = Math.Min(aRight, bRight) - Math.Max(aLeft, bLeft), height = Math.Min(aHigh, bHigh) - Math.Max(aLow, bLow);
                if (!(width > 0 && height > 0))
                {
                    return false;
                }

                float common = width * height;
                float aArea = (aRight - aLeft) * (aHigh - aLow), bArea = (bRight - bLeft) * (bHigh - bLow);
                float all = aArea + bArea - common;
                return aArea > 0 && bArea > 0 && all > 0 && common / all > allowed;
            }
            """;
}
