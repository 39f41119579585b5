using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

/// <summary>Kernels whose source addresses are computed from indices at run time.</summary>
internal static class IndexedEmitters
{
    public static void GatherElements(GatherElementsKernel kernel, KernelWriter writer)
    {
        writer.Use(GatherEmitter.IndexCode);
        Loop(0, "0", "0");

        void Loop(int depth, string from, string to)
        {
            if (depth == kernel.Loops.Count)
            {
                writer.Code.Line($"nint position = Shared.Position(Unsafe.Add(ref {writer.Input(1)}, {to}), {kernel.Size});");
                writer.Code.Line(
                    $"Unsafe.Add(ref {writer.Output()}, {to}) = Unsafe.Add(ref {writer.Input(0)}, {from} + position * {kernel.Stride});"
                );
                return;
            }

            var loop = kernel.Loops[depth];
            var index = ((char)('a' + depth)).ToString();
            using var block = writer.Code.For(index, 0, loop.Size);
            Loop(depth + 1, loop.From == 0 ? from : $"{from} + {index} * {loop.From}", $"{to} + {index} * {loop.To}");
        }
    }

    public static void GatherTuples(GatherTuplesKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        writer.Use(GatherEmitter.IndexCode);
        code.Line($"ref byte data = ref {writer.InputBytes(0)};");
        code.Line($"ref byte target = ref {writer.OutputBytes()};");
        using var batch = code.For("batch", 0, kernel.Batches);
        using var tuple = code.For("tuple", 0, kernel.Tuples);
        code.Line($"nint item = batch * {kernel.Tuples} + tuple;");
        code.Line($"nint position = batch * {kernel.BatchBytes};");
        for (var i = 0; i < kernel.Sizes.Count; i++)
        {
            var index = $"Unsafe.Add(ref {writer.Input(1)}, item * {kernel.Sizes.Count} + {i})";
            code.Line($"position += Shared.Position({index}, {kernel.Sizes[i]}) * {kernel.Strides[i]};");
        }

        code.Line(
            $"Unsafe.CopyBlockUnaligned(ref Unsafe.Add(ref target, item * {kernel.BlockBytes}), ref Unsafe.Add(ref data, position), {kernel.BlockBytes});"
        );
    }
}
