using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Tiling;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>
/// Matrix products of float32 where both operands come at run time (attention), in register tiles of rows × columns. The second
/// operand is read as it lies, a row of it for each summand.
/// </summary>
/// <param name="Product">Sizes and strides.</param>
/// <param name="Plans">The tiles of each variant.</param>
internal sealed record TiledMatMulKernel(PlainMatMulKernel Product, EquatableArray<VariantPlan> Plans) : Kernel
{
    public override string Describe()
    {
        var outer = string.Concat(Product.Outer.Select(o => o.Count + "×"));
        var (rows, inner, columns) = (Product.Rows.Count, Product.Inner.Count, Product.Columns.Count);
        return $"{outer}matrix product [{rows},{inner}]·[{inner},{columns}]{Product.Activation}; tiles of {Plans[0]}";
    }

    public override EquatableArray<InstructionSet> Variants => Plans.Select(p => p.InstructionSet).ToArray();

    public static LoweredNode? Lower(MatMul op, Node node, LoweringContext context)
    {
        if (
            op.TransposeA
            || op.TransposeB
            || node.Output.Element != ElementType.Float32
            || node.Output.Shape.Elements == 0
            || PlainMatMulKernel.Lower(op, node, context) is not { Kernel: PlainMatMulKernel { Inner.Count: > 0 } product } plain
        )
        {
            return null;
        }

        VariantPlan[] plans =
        [
            .. TilePlanner.Variants(context.Target).Select(set => TilePlanner.PlanRowMajor(set, product.Columns.Count, product.Rows.Count)),
        ];

        // Where there are fewer columns than lanes, the vectors of the last row reach behind it.
        var readsPastEnd = plans.Any(p => p.Tiles.Any(t => t.Columns.Stored < t.Columns.Width));
        return new(new TiledMatMulKernel(product, plans), plain.Inputs, ReadsPastEnd: readsPastEnd);
    }
}
