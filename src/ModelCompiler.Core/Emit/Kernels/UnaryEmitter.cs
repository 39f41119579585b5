using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

internal static class UnaryEmitter
{
    public static void Emit(UnaryKernel kernel, KernelWriter writer)
    {
        using var loop = writer.Code.For("i", 0, kernel.Elements);
        writer.Code.Line($"var x = Unsafe.Add(ref {writer.Input()}, i);");
        writer.Code.Line($"Unsafe.Add(ref {writer.Output()}, i) = x > 0 ? x : 0;");
    }
}
