using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>Chooses the kernel family of integer convolutions and matrix products.</summary>
internal static class Int8Lowering
{
    public static LoweredNode? Convolution(QuantizedConv op, Node node, LoweringContext context) =>
        node.Input(1).Constant is null ? null : LoopConvInt8Kernel.Lower(op, node, context);

    public static LoweredNode? MatrixProduct(QuantizedMatMul op, Node node, LoweringContext context) =>
        LoopMatMulInt8Kernel.Lower(op, node, context);
}
