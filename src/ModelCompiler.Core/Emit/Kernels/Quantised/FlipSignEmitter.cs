using ModelCompiler.Lowering.Kernels.Quantised;

namespace ModelCompiler.Emit.Kernels.Quantised;

internal static class FlipSignEmitter
{
    private const int Block = 16;

    public static void Emit(FlipSignKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        string Bytes(string name, Lowering.Operand operand) => $"ref Unsafe.As<{KernelWriter.TypeName(operand)}, byte>(ref {name})";
        code.Line($"ref var x = {Bytes(writer.Input(), writer.Step.Inputs[0])};");
        code.Line($"ref var y = {Bytes(writer.Output(), writer.Step.Outputs[0])};");
        var vectors = kernel.Elements / Block * Block;
        if (vectors > 0)
        {
            using var loop = code.For("i", 0, vectors, Block);
            code.Line(
                "(Vector128.LoadUnsafe(ref Unsafe.Add(ref x, i)) ^ Vector128.Create((byte)0x80)).StoreUnsafe(ref Unsafe.Add(ref y, i));"
            );
        }

        if (vectors < kernel.Elements)
        {
            using var loop = code.For("i", vectors, kernel.Elements);
            code.Line("Unsafe.Add(ref y, i) = (byte)(Unsafe.Add(ref x, i) ^ 0x80);");
        }
    }
}
