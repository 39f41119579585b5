using ModelCompiler.Graphs;
using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

/// <summary>Writes a loop a dimension; the innermost gathers the taps of one output position for a block of channels.</summary>
internal static class ResizeEmitter
{
    public static void Emit(ResizeKernel kernel, KernelWriter writer)
    {
        writer.Code.Line($"ref int positions = {writer.Weights(kernel.Positions)};");
        if (kernel.Weights is { } weights)
        {
            writer.Code.Line($"ref float weights = {writer.Weights(weights)};");
        }

        Loops(kernel, writer, 0, [], "0", "0");
    }

    /// <summary>Opens the remaining loops.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="writer">The writer.</param>
    /// <param name="depth">The loop to open.</param>
    /// <param name="tables">Names of the open loops that have tables, with their numbers of taps.</param>
    /// <param name="from">Offset in the input that the open loops without tables make up.</param>
    /// <param name="to">Offset in the output.</param>
    private static void Loops(ResizeKernel kernel, KernelWriter writer, int depth, (string Name, int Taps)[] tables, string from, string to)
    {
        if (depth == kernel.Loops.Count)
        {
            Position(kernel, writer, tables, from, to);
            return;
        }

        var loop = kernel.Loops[depth];
        var name = ((char)('a' + depth)).ToString();
        using var block = writer.Code.For(name, 0, loop.Size);
        var target = $"{to} + {name} * {loop.To}";
        if (loop.Taps == 0)
        {
            Loops(kernel, writer, depth + 1, tables, $"{from} + {name} * {loop.From}", target);
            return;
        }

        for (var tap = 0; tap < loop.Taps; tap++)
        {
            var entry = $"{loop.Table + tap} + {name}{(loop.Taps > 1 ? $" * {loop.Taps}" : "")}";
            writer.Code.Line($"nint {name}{tap} = Unsafe.Add(ref positions, {entry});");
            if (kernel.Weights is not null)
            {
                writer.Code.Line($"float {name}{tap}w = Unsafe.Add(ref weights, {entry});");
            }
        }

        Loops(kernel, writer, depth + 1, [.. tables, (name, loop.Taps)], from, target);
    }

    private static void Position(ResizeKernel kernel, KernelWriter writer, (string Name, int Taps)[] tables, string from, string to)
    {
        var code = writer.Code;
        var type = KernelWriter.TypeName(writer.Step.Outputs[0]);
        code.Line($"ref {type} target = ref Unsafe.Add(ref {writer.Output()}, {to});");
        if (kernel.Extrapolation is { } extrapolation)
        {
            using var outside = code.Open($"if ({string.Join(" || ", tables.Select(t => $"{t.Name}0 < 0"))})");
            code.Line($"MemoryMarshal.CreateSpan(ref target, {kernel.Block}).Fill(({type}){Literals.Float(extrapolation)});");
            code.Line("continue;");
        }

        var taps = Combinations(tables, from);
        if (kernel.Weights is null)
        {
            var bytes = kernel.Block * kernel.Element.SizeInBytes();
            code.Line(
                $"Unsafe.CopyBlockUnaligned(ref Unsafe.As<{type}, byte>(ref target), ref Unsafe.As<{type}, byte>(ref Unsafe.Add(ref {writer.Input()}, {taps[0].Position})), {bytes});"
            );
            return;
        }

        for (var i = 0; i < taps.Count; i++)
        {
            code.Line($"nint p{i} = {taps[i].Position};");
            code.Line($"float q{i} = {taps[i].Weight};");
        }

        Block(kernel, writer, taps.Count, type);
    }

    /// <summary>Every choice of one tap a dimension: its position and its weight.</summary>
    private static List<(string Position, string Weight)> Combinations((string Name, int Taps)[] tables, string from)
    {
        var taps = new List<(string Position, string Weight)> { (from, "") };
        foreach (var (name, count) in tables)
        {
            taps =
            [
                .. taps.SelectMany(t =>
                    Enumerable
                        .Range(0, count)
                        .Select(i => ($"{t.Position} + {name}{i}", t.Weight.Length > 0 ? $"{t.Weight} * {name}{i}w" : $"{name}{i}w"))
                ),
            ];
        }

        return taps;
    }

    /// <summary>Sums the taps for all channels: vectors as wide as there are, then narrower ones, then single elements.</summary>
    private static void Block(ResizeKernel kernel, KernelWriter writer, int taps, string type)
    {
        var done = 0;
        var widest = writer.InstructionSet switch
        {
            InstructionSet.Avx512 => 16,
            InstructionSet.Avx2 or InstructionSet.AvxVnni => 8,
            _ => 4,
        };
        for (var width = kernel.Element == ElementType.Float32 ? widest : 1; width >= 4; width /= 2)
        {
            var count = (kernel.Block - done) / width;
            if (count > 0)
            {
                using var loop = writer.Code.For("i", done, done + (count * width), width);
                Vector(writer, taps, $"Vector{width * 32}");
                done += count * width;
            }
        }

        if (done < kernel.Block)
        {
            using var loop = writer.Code.For("i", done, kernel.Block);
            var wide = type is "double" or "long" or "ulong" or "uint" ? "double" : "float";
            var sum = string.Join(
                " + ",
                Enumerable.Range(0, taps).Select(t => $"q{t} * ({wide})Unsafe.Add(ref {writer.Input()}, p{t} + i)")
            );
            writer.Code.Line($"Unsafe.Add(ref target, i) = ({type})({sum});");
        }
    }

    private static void Vector(KernelWriter writer, int taps, string vector)
    {
        string Load(int tap) => $"{vector}.LoadUnsafe(ref Unsafe.Add(ref {writer.Input()}, p{tap} + i))";
        writer.Code.Line($"var sum = {vector}.Create(q0) * {Load(0)};");
        for (var tap = 1; tap < taps; tap++)
        {
            writer.Code.Line($"sum = {vector}.MultiplyAddEstimate({vector}.Create(q{tap}), {Load(tap)}, sum);");
        }

        writer.Code.Line("sum.StoreUnsafe(ref Unsafe.Add(ref target, i));");
    }
}
