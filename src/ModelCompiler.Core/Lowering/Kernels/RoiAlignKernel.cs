using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>Samples regions of images. Inputs: images, regions, indices.</summary>
/// <param name="Images">Shape of the images.</param>
/// <param name="Regions">Number of regions.</param>
/// <param name="Operator">How to sample.</param>
internal sealed record RoiAlignKernel(TensorShape Images, int Regions, RoiAlign Operator) : Kernel
{
    public override string Describe() =>
        $"{Regions} regions of {Images} sampled to {Operator.Height}×{Operator.Width}{(Operator.IsMaximum ? ", maxima" : "")}";

    public static LoweredNode? Lower(RoiAlign op, Node node, LoweringContext context) =>
        new(new RoiAlignKernel(node.Input(0).Shape, node.Input(1).Shape[0], op), (Value[])[node.Input(0), node.Input(1), node.Input(2)]);
}
