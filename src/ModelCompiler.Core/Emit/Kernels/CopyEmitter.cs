using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

internal static class CopyEmitter
{
    public static void Emit(CopyKernel kernel, KernelWriter writer)
    {
        string Bytes(string name, Lowering.Operand operand) => $"ref Unsafe.As<{KernelWriter.TypeName(operand)}, byte>(ref {name})";
        var from = Bytes(writer.Input(), writer.Step.Inputs[0]);
        var to = Bytes(writer.Output(), writer.Step.Outputs[0]);
        writer.Code.Line($"Unsafe.CopyBlockUnaligned({to}, {from}, {kernel.Bytes});");
    }
}
