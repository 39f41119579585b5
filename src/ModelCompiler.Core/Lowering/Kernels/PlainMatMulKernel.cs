using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>Matrix products by plain loops: for element types and forms that have no kernel of their own.</summary>
/// <param name="Outer">The outer loops over the batch, with the steps of a, b and the output.</param>
/// <param name="Rows">The loop over rows.</param>
/// <param name="Columns">The loop over columns; the bias goes along with it.</param>
/// <param name="Inner">The loop over the products that are summed.</param>
/// <param name="Alpha">Factor of the sum.</param>
/// <param name="Activation">Bounds of the results.</param>
/// <param name="HasBias">Whether input 2 is a bias.</param>
internal sealed record PlainMatMulKernel(
    EquatableArray<PlainMatMulKernel.Loop> Outer,
    PlainMatMulKernel.Loop Rows,
    PlainMatMulKernel.Loop Columns,
    PlainMatMulKernel.Loop Inner,
    float Alpha,
    Clamp Activation,
    bool HasBias
) : Kernel
{
    /// <summary>A loop with the elements that each operand goes on by.</summary>
    internal readonly record struct Loop(int Count, int StrideA, int StrideB, int StrideOutput);

    public override string Describe() =>
        $"{string.Concat(Outer.Select(o => o.Count + "×"))}matrix product by plain loops, [{Rows.Count},{Inner.Count}]·[{Inner.Count},{Columns.Count}]{Activation}";

    public static LoweredNode? Lower(MatMul op, Node node, LoweringContext context)
    {
        var a = WithMatrix(MatMul.Oriented(node.Input(0).Shape, op.TransposeA), row: true);
        var b = WithMatrix(MatMul.Oriented(node.Input(1).Shape, op.TransposeB), row: false);
        var (rows, inner, columns) = (a[a.Rank - 2], a[a.Rank - 1], b[b.Rank - 1]);
        var outer = TensorShape.Broadcast(new(a.Take(a.Rank - 2)), new(b.Take(b.Rank - 2)));
        var outerStrides = outer.Strides();
        var kernel = new PlainMatMulKernel(
            outer
                .Select(
                    (size, axis) =>
                        new Loop(size, OuterStride(a, outer, axis), OuterStride(b, outer, axis), outerStrides[axis] * rows * columns)
                )
                .Where(l => l.Count > 1)
                .ToArray(),
            new Loop(rows, op.TransposeA ? 1 : inner, 0, columns),
            new Loop(columns, 0, op.TransposeB ? inner : 1, 1),
            new Loop(inner, op.TransposeA ? rows : 1, op.TransposeB ? 1 : columns, 0),
            op.Alpha,
            op.Activation,
            node.HasInput(2)
        );
        return new(kernel, node.Inputs.Where(i => i is not null).Select(i => i!).ToArray());
    }

    /// <summary>A vector as the matrix that it stands for.</summary>
    internal static TensorShape WithMatrix(TensorShape shape, bool row) =>
        shape.Rank > 1 ? shape
        : row ? new TensorShape(1, shape[0])
        : new TensorShape(shape[0], 1);

    /// <summary>Elements from one matrix to the next along an outer dimension of the output; 0 where the operand is broadcast.</summary>
    internal static int OuterStride(TensorShape operand, TensorShape outer, int axis)
    {
        var own = axis - (outer.Rank - (operand.Rank - 2));
        return own < 0 || operand[own] == 1 ? 0 : operand.Product(own + 1, operand.Rank);
    }
}
