using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>Samples images at the moved taps of a window. Inputs: images, offsets, factors where there are any.</summary>
/// <param name="Images">Shape of the images.</param>
/// <param name="Rows">Rows of the output.</param>
/// <param name="Columns">Columns of the output.</param>
/// <param name="Operator">The window.</param>
internal sealed record DeformableColumnsKernel(TensorShape Images, int Rows, int Columns, DeformableColumns Operator) : Kernel
{
    public override string Describe() =>
        $"{Images} at {Operator.Window.Kernel[0]}×{Operator.Window.Kernel[1]} moved taps of {Rows}×{Columns} windows";

    public static LoweredNode? Lower(DeformableColumns op, Node node, LoweringContext context)
    {
        var offsets = node.Input(1).Shape;
        Value[] inputs = node.HasInput(2) ? [node.Input(0), node.Input(1), node.Input(2)] : [node.Input(0), node.Input(1)];
        return new(new DeformableColumnsKernel(node.Input(0).Shape, offsets[2], offsets[3], op), inputs);
    }
}
