using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

internal static class CloseGapsEmitter
{
    public static void Emit(CloseGapsKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        var block = kernel.Rows * kernel.RowBytes;
        code.Line($"int bytes = {writer.Input(1)} * {kernel.RowBytes};");
        using (code.For("block", 0, kernel.Blocks))
        {
            code.Line($"ref byte source = ref Unsafe.Add(ref {writer.InputBytes(0)}, block * {block});");
            code.Line($"Unsafe.CopyBlockUnaligned(ref Unsafe.Add(ref {writer.OutputBytes()}, block * bytes), ref source, (uint)bytes);");
        }

        code.Line($"ref byte rest = ref Unsafe.Add(ref {writer.OutputBytes()}, {kernel.Blocks} * bytes);");
        code.Line($"Unsafe.InitBlockUnaligned(ref rest, 0, (uint)({kernel.Blocks * block} - {kernel.Blocks} * bytes));");
    }
}
