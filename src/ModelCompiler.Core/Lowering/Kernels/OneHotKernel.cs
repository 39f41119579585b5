using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>Fills the output with the off value and puts the on value where the indices point. Inputs: indices, values.</summary>
/// <param name="Outer">Product of the dimensions before the new one.</param>
/// <param name="Depth">Size of the new one.</param>
/// <param name="Inner">Product of the dimensions behind.</param>
internal sealed record OneHotKernel(int Outer, int Depth, int Inner) : Kernel
{
    public override string Describe() => $"one-hot of {Outer}×{Inner} indices, {Depth} deep";

    public static LoweredNode? Lower(OneHot op, Node node, LoweringContext context)
    {
        var shape = node.Input(0).Shape;
        var kernel = new OneHotKernel(shape.Product(0, op.Axis), op.Depth, shape.Product(op.Axis, shape.Rank));
        return node.Input(0).Element == ElementType.Bool ? null : new(kernel, (Value[])[node.Input(0), node.Input(1)]);
    }
}
