using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

/// <summary>Writes the search for the greatest element as plain loops.</summary>
internal static class ArgMaxEmitter
{
    public static void Emit(ArgMaxKernel kernel, KernelWriter writer)
    {
        var better = (kernel.Smallest ? "<" : ">") + (kernel.SelectLast ? "=" : "");
        using var outer = writer.Code.For("outer", 0, kernel.Outer);
        using var inner = writer.Code.For("inner", 0, kernel.Inner);
        writer.Code.Line($"ref var x = ref Unsafe.Add(ref {writer.Input()}, outer * {kernel.Length * kernel.Inner} + inner);");
        writer.Code.Line("var best = x;");
        writer.Code.Line("long index = 0;");
        using (writer.Code.For("k", 1, kernel.Length))
        {
            writer.Code.Line($"var candidate = Unsafe.Add(ref x, k * {kernel.Inner});");
            using (writer.Code.Open($"if (candidate {better} best)"))
            {
                writer.Code.Line("(best, index) = (candidate, k);");
            }
        }

        writer.Code.Line($"Unsafe.Add(ref {writer.Output()}, outer * {kernel.Inner} + inner) = index;");
    }
}
