using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>Which kernel serves a float convolution or matrix product: the first of the list that takes its form.</summary>
internal static class FloatLowering
{
    public static LoweredNode? Conv(Conv op, Node node, LoweringContext context) =>
        DepthwiseConvKernel.Lower(op, node, context)
        ?? TiledConvKernel.Lower(op, node, context)
        ?? PlainConvKernel.Lower(op, node, context);

    public static LoweredNode? MatMul(MatMul op, Node node, LoweringContext context) =>
        TiledConvKernel.Lower(op, node, context)
        ?? TiledMatMulKernel.Lower(op, node, context)
        ?? PlainMatMulKernel.Lower(op, node, context);
}
