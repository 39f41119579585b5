using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>Integer matrix product as plain loops: both operands at run time, broadcast outer dimensions, any zero points.</summary>
/// <param name="A">Shape of a, at least of rank 2.</param>
/// <param name="B">Shape of b, at least of rank 2.</param>
/// <param name="Outer">Outer dimensions of the output, broadcast.</param>
/// <param name="Product">Attributes of the product.</param>
/// <param name="BZeroPoints">Zero points of the columns as Int32 where they differ; null where one serves all.</param>
/// <param name="Bias">Int32 bias [N]; null where there is none.</param>
/// <param name="Stage">From accumulators to outputs.</param>
internal sealed record LoopMatMulInt8Kernel(
    TensorShape A,
    TensorShape B,
    TensorShape Outer,
    QuantizedMatMul Product,
    PackedWeights? BZeroPoints,
    PackedWeights? Bias,
    ScalarRequantization? Stage
) : Kernel
{
    public override string Describe() => $"matrix product as loops, int8, {A} × {B}";

    public static LoweredNode Lower(QuantizedMatMul op, Node node, LoweringContext context)
    {
        var (a, b) = (node.Input(0), node.Input(1));
        var left = a.Shape.Rank == 1 ? new TensorShape(1, a.Shape[0]) : a.Shape;
        var right = b.Shape.Rank == 1 ? new TensorShape(b.Shape[0], 1) : b.Shape;
        return new(
            new LoopMatMulInt8Kernel(
                left,
                right,
                TensorShape.Broadcast(new(left.Take(left.Rank - 2)), new(right.Take(right.Rank - 2))),
                op,
                op.BZeroPoints.Count > 1 ? context.AddWeights<int>(node, "zeroPoints", ElementType.Int32, op.BZeroPoints.ToArray()) : null,
                node.HasInput(2) ? context.AddWeights(node, "bias", ElementType.Int32, node.Input(2).Constant!.As<int>()) : null,
                op.Output is { } output ? ScalarRequantization.Pack(output, node, context) : null
            ),
            (Value[])[a, b]
        );
    }
}
