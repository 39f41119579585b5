using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

internal static class FourierEmitter
{
    public static void Emit(FourierKernel kernel, KernelWriter writer)
    {
        var (code, length) = (writer.Code, kernel.Length);
        var type = KernelWriter.TypeName(writer.Step.Inputs[0]);
        code.Line($"ref {type} roots = {writer.Weights(kernel.Roots)};");
        code.Line($"ref {type} buffer0 = ref Unsafe.As<byte, {type}>(ref {KernelWriter.Scratch});");
        code.Line($"ref {type} buffer1 = ref Unsafe.Add(ref buffer0, {2 * length});");
        using var outer = code.For("o", 0, kernel.Outer);
        using var inner = code.For("i", 0, kernel.Frames?.Count ?? kernel.Inner);
        EmitLoad(kernel, writer, type);
        var (points, stride) = (length, 1);
        for (var stage = 0; stage < kernel.Factors.Count; stage++)
        {
            var factor = kernel.Factors[stage];
            var (from, to) = ($"buffer{stage % 2}", $"buffer{(stage + 1) % 2}");
            EmitStage(new(factor, points / factor, stride, length / points, kernel.IsInverse), from, to, code, type);
            (points, stride) = (points / factor, stride * factor);
        }

        EmitStore(kernel, writer, type, $"buffer{kernel.Factors.Count % 2}");
    }

    private static void EmitLoad(FourierKernel kernel, KernelWriter writer, string type)
    {
        var (code, length) = (writer.Code, kernel.Length);
        var isHalf = kernel.IsInverse && kernel.IsOneSided;
        var read = Math.Min(isHalf ? (length / 2) + 1 : length, kernel.Given);
        var place = kernel.Frames is { } frames
            ? $"o * {kernel.Given} + i * {frames.Step} + k"
            : $"(o * {kernel.Given} + k) * {kernel.Inner} + i";
        var factor = writer.Step.Inputs.Count > 1 ? $" * Unsafe.Add(ref {writer.Input(1)}, k)" : "";
        code.Line($"MemoryMarshal.CreateSpan(ref buffer0, {2 * length}).Clear();");
        using var point = code.For("k", 0, read);
        code.Line($"ref {type} x = ref Unsafe.Add(ref {writer.Input()}, ({place}) * {kernel.Parts});");
        code.Line($"Unsafe.Add(ref buffer0, 2 * k) = x{factor};");
        if (kernel.Parts == 2)
        {
            code.Line($"Unsafe.Add(ref buffer0, 2 * k + 1) = Unsafe.Add(ref x, 1){factor};");
        }

        if (isHalf)
        {
            code.Line("// The spectrum of a real signal: its other half mirrors this one.");
            using var mirrored = code.Open($"if (k > 0 && 2 * k < {length})");
            code.Line($"Unsafe.Add(ref buffer0, {2 * length} - 2 * k) = x;");
            code.Line($"Unsafe.Add(ref buffer0, {2 * length} - 2 * k + 1) = -Unsafe.Add(ref x, 1);");
        }
    }

    private static void EmitStore(FourierKernel kernel, KernelWriter writer, string type, string from)
    {
        var (code, points, parts) = (writer.Code, kernel.Written, kernel.IsOneSided && kernel.IsInverse ? 1 : 2);
        var scale = kernel.IsInverse ? $" * (({type})1 / {kernel.Length})" : "";
        var place = kernel.Frames is { } frames ? $"(o * {frames.Count} + i) * {points} + k" : $"(o * {points} + k) * {kernel.Inner} + i";
        using var point = code.For("k", 0, points);
        code.Line($"ref {type} y = ref Unsafe.Add(ref {writer.Output()}, ({place}) * {parts});");
        code.Line($"y = Unsafe.Add(ref {from}, 2 * k){scale};");
        if (parts == 2)
        {
            code.Line($"Unsafe.Add(ref y, 1) = Unsafe.Add(ref {from}, 2 * k + 1){scale};");
        }
    }

    /// <summary>One factor of the length.</summary>
    /// <param name="Factor">The factor.</param>
    /// <param name="Blocks">What is left of the length behind it.</param>
    /// <param name="Stride">The product of the factors before.</param>
    /// <param name="Step">Roots from one block to the next.</param>
    /// <param name="IsInverse">Which way round the circle.</param>
    private sealed record Stage(int Factor, int Blocks, int Stride, int Step, bool IsInverse)
    {
        public int Length => Factor * Blocks * Step;

        public string Source(string t) => $"2 * (k + {Stride} * (j + {Blocks} * {t}))";

        public string Target(string r) => $"2 * (k + {Stride} * ({Factor} * j + {r}))";
    }

    private static void EmitStage(Stage stage, string from, string to, SourceWriter code, string type)
    {
        using var block = code.For("j", 0, stage.Blocks);
        if (stage.Factor > 4 || stage.Factor == 3)
        {
            using var any = code.For("k", 0, stage.Stride);
            EmitAnyFactor(stage, from, to, code, type);
            return;
        }

        for (var r = 1; r < stage.Factor; r++)
        {
            code.Line(
                $"{type} c{r} = Unsafe.Add(ref roots, j * {2 * r * stage.Step}), s{r} = Unsafe.Add(ref roots, j * {2 * r * stage.Step} + 1);"
            );
        }

        using var point = code.For("k", 0, stage.Stride);
        for (var t = 0; t < stage.Factor; t++)
        {
            code.Line($"ref {type} x{t} = ref Unsafe.Add(ref {from}, {stage.Source($"{t}")});");
            code.Line($"{type} re{t} = x{t}, im{t} = Unsafe.Add(ref x{t}, 1);");
        }

        EmitSums(stage, to, code, type);
    }

    private static void EmitSums(Stage stage, string to, SourceWriter code, string type)
    {
        if (stage.Factor == 2)
        {
            Store(0, "re0 + re1", "im0 + im1");
            Store(1, "re0 - re1", "im0 - im1");
            return;
        }

        code.Line($"{type} evenRe = re0 + re2, evenIm = im0 + im2, oddRe = re1 + re3, oddIm = im1 + im3;");
        code.Line($"{type} aRe = re0 - re2, aIm = im0 - im2, bRe = re1 - re3, bIm = im1 - im3;");
        var (plus, minus) = stage.IsInverse ? ("-", "+") : ("+", "-");
        Store(0, "evenRe + oddRe", "evenIm + oddIm");
        Store(1, $"aRe {plus} bIm", $"aIm {minus} bRe");
        Store(2, "evenRe - oddRe", "evenIm - oddIm");
        Store(3, $"aRe {minus} bIm", $"aIm {plus} bRe");

        void Store(int r, string re, string im)
        {
            code.Line($"ref {type} y{r} = ref Unsafe.Add(ref {to}, {stage.Target($"{r}")});");
            if (r == 0)
            {
                code.Line($"y{r} = {re};");
                code.Line($"Unsafe.Add(ref y{r}, 1) = {im};");
                return;
            }

            code.Line($"{type} sumRe{r} = {re}, sumIm{r} = {im};");
            code.Line($"y{r} = sumRe{r} * c{r} - sumIm{r} * s{r};");
            code.Line($"Unsafe.Add(ref y{r}, 1) = sumRe{r} * s{r} + sumIm{r} * c{r};");
        }
    }

    private static void EmitAnyFactor(Stage stage, string from, string to, SourceWriter code, string type)
    {
        var length = stage.Length;
        code.Lines(
            $$"""
            for (nint r = 0; r < {{stage.Factor}}; r++)
            {
                // Both turns of this output in one root: that of the block, and that of each input in the small transform.
                {{type}} sumRe = 0, sumIm = 0;
                nint root = j * r * {{stage.Step}}, turn = r * {{length / stage.Factor}};
                for (nint t = 0; t < {{stage.Factor}}; t++)
                {
                    {{type}} c = Unsafe.Add(ref roots, 2 * root), s = Unsafe.Add(ref roots, 2 * root + 1);
                    ref {{type}} x = ref Unsafe.Add(ref {{from}}, {{stage.Source("t")}});
                    sumRe += x * c - Unsafe.Add(ref x, 1) * s;
                    sumIm += x * s + Unsafe.Add(ref x, 1) * c;
                    root += turn;
                    root -= root >= {{length}} ? {{length}} : 0;
                }

                ref {{type}} y = ref Unsafe.Add(ref {{to}}, {{stage.Target("r")}});
                y = sumRe;
                Unsafe.Add(ref y, 1) = sumIm;
            }
            """
        );
    }
}
