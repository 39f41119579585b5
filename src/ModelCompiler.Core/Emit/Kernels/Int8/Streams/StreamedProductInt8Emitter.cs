using ModelCompiler.Graphs;
using ModelCompiler.Lowering.Kernels.Int8.Streams;

namespace ModelCompiler.Emit.Kernels.Int8.Streams;

internal static class StreamedProductInt8Emitter
{
    public static void Emit(StreamedProductInt8Kernel kernel, KernelWriter writer)
    {
        var (code, element) = (writer.Code, writer.Step.Inputs[0].Type.Element);

        // Inputs are read as unsigned bytes: signed ones by turning their highest bit over, which adds 128.
        var flip = element == ElementType.Int8 ? 128 : 0;
        code.Line($"var weights = {WeightStreamText.New(kernel.Stream, KernelWriter.Scratch, writer)};");
        code.Line($"ref byte source = {Int8Refs.AsBytes(writer.Input(), element)};");
        using var outputs = code.For("n", 0, kernel.Outputs);
        var zero = ScalarRequantizationText.Number(kernel.ZeroPoint + flip);
        code.Line($"int sum = weights.Product(ref source, {kernel.Depth}, {flip}, {zero}, {kernel.Stream.BiasBits});");
        code.Line($"Unsafe.Add(ref {writer.Output()}, n) = {ScalarRequantizationText.Expression(kernel.Stage, "sum", "n", writer)};");
    }
}
