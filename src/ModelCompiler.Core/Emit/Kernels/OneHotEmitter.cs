using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

internal static class OneHotEmitter
{
    public static void Emit(OneHotKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        code.Line(
            $"MemoryMarshal.CreateSpan(ref {writer.Output()}, {kernel.Outer * kernel.Depth * kernel.Inner}).Fill({writer.Input(1)});"
        );
        using var outer = code.For("o", 0, kernel.Outer);
        using var inner = code.For("i", 0, kernel.Inner);
        code.Line($"long index = (long)Unsafe.Add(ref {writer.Input(0)}, o * {kernel.Inner} + i);");
        code.Line($"index = index < 0 ? index + {kernel.Depth} : index;");
        using var inside = code.Open($"if ((ulong)index < {kernel.Depth})");
        var position = $"o * {kernel.Depth * kernel.Inner} + (nint)index * {kernel.Inner} + i";
        code.Line($"Unsafe.Add(ref {writer.Output()}, {position}) = Unsafe.Add(ref {writer.Input(1)}, 1);");
    }
}
