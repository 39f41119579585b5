using ModelCompiler.Lowering.Kernels.ControlFlow;

namespace ModelCompiler.Emit.Kernels.ControlFlow;

internal static class FailEmitter
{
    public static void Emit(FailKernel kernel, KernelWriter writer) =>
        writer.Code.Line($"throw new InvalidOperationException({Literals.Text(kernel.Message)});");
}
