using ModelCompiler.Graphs;
using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Kernels.Int8.Streams;

namespace ModelCompiler.Emit.Kernels.Int8.Streams;

internal static class UnpackedInt8Emitter
{
    public static void Emit(UnpackedInt8Kernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        code.Line($"ref sbyte {PackedWeights.UnpackedName} = ref Unsafe.As<byte, sbyte>({Scratch(kernel.WeightsOffset)});");
        code.Line($"ref byte table = {Scratch(kernel.TableOffset)};");
        code.Line(
            $"{WeightStreamText.New(kernel.Stream, "table", writer)}.Unpack(ref {PackedWeights.UnpackedName}, {kernel.WeightBytes});"
        );

        var own = kernel.DenseScratchBytes;
        var dense = writer.Step with
        {
            Method = kernel.Method,
            Kernel = kernel.Dense,
            Scratch = own == 0 ? null : writer.Step.Scratch! with { Type = new TensorType(ElementType.UInt8, new TensorShape(own)) },
        };
        string[] operands = [writer.Input(), writer.Output(), .. own == 0 ? [] : new[] { KernelWriter.Scratch }];
        code.Line(writer.Call(dense, operands.Select(o => "ref " + o)));
    }

    private static string Scratch(int offset) =>
        offset == 0 ? $"ref {KernelWriter.Scratch}" : $"ref Unsafe.Add(ref {KernelWriter.Scratch}, {offset})";
}
