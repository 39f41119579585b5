using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

/// <summary>Kernels whose target addresses are computed from indices at run time, on a copy of the data.</summary>
internal static class ScatterEmitters
{
    public static void ScatterElements(ScatterElementsKernel kernel, KernelWriter writer)
    {
        Copy(kernel.DataBytes, writer);
        Loop(0, "0", "0");

        void Loop(int depth, string from, string to)
        {
            if (depth == kernel.Loops.Count)
            {
                writer.Code.Line($"nint position = Shared.Position(Unsafe.Add(ref {writer.Input(1)}, {from}), {kernel.Size});");
                Update(kernel.Reduction, $"{to} + position * {kernel.Stride}", from, writer);
                return;
            }

            var loop = kernel.Loops[depth];
            var index = ((char)('a' + depth)).ToString();
            using var block = writer.Code.For(index, 0, loop.Size);
            Loop(depth + 1, $"{from} + {index} * {loop.From}", loop.To == 0 ? to : $"{to} + {index} * {loop.To}");
        }
    }

    public static void ScatterTuples(ScatterTuplesKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        Copy(kernel.DataBytes, writer);
        using var tuple = code.For("item", 0, kernel.Tuples);
        code.Line("nint position = 0;");
        for (var i = 0; i < kernel.Sizes.Count; i++)
        {
            var index = $"Unsafe.Add(ref {writer.Input(1)}, item * {kernel.Sizes.Count} + {i})";
            code.Line($"position += Shared.Position({index}, {kernel.Sizes[i]}) * {kernel.Strides[i]};");
        }

        using var block = code.For("i", 0, kernel.Block);
        Update(kernel.Reduction, "position + i", $"item * {kernel.Block} + i", writer);
    }

    private static void Copy(int bytes, KernelWriter writer)
    {
        writer.Use(GatherEmitter.IndexCode);
        writer.Code.Line($"Unsafe.CopyBlockUnaligned(ref {writer.OutputBytes()}, ref {writer.InputBytes(0)}, {bytes});");
    }

    private static void Update(ScatterReduction reduction, string to, string from, KernelWriter writer)
    {
        writer.Code.Line($"ref var target = ref Unsafe.Add(ref {writer.Output()}, {to});");
        writer.Code.Line($"var update = Unsafe.Add(ref {writer.Input(2)}, {from});");
        writer.Code.Line(
            reduction switch
            {
                ScatterReduction.Add => "target += update;",
                ScatterReduction.Mul => "target *= update;",
                ScatterReduction.Min => "target = Math.Min(target, update);",
                ScatterReduction.Max => "target = Math.Max(target, update);",
                _ => "target = update;",
            }
        );
    }
}
