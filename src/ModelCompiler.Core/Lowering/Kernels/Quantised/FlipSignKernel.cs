using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels.Quantised;

/// <summary>The highest bit of every byte inverted.</summary>
internal sealed record FlipSignKernel(int Elements) : Kernel
{
    public override string Describe() => $"signed to unsigned or back, {Elements} bytes";

    public static LoweredNode Lower(FlipSign op, Node node, LoweringContext context) =>
        new(new FlipSignKernel(node.Input(0).Shape.Elements), (Value[])[node.Input(0)], InPlaceInput: 0);
}
