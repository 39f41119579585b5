using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>Couples probabilities of pairs of classes, row by row. Scratch: the matrix of the iteration, and its product.</summary>
/// <param name="Rows">Number of rows.</param>
/// <param name="Classes">Number of classes.</param>
internal sealed record PairwiseCouplingKernel(int Rows, int Classes) : Kernel
{
    public override string Describe() => $"coupling of pairs of {Classes} classes over {Rows} rows";

    public static LoweredNode? Lower(PairwiseCoupling op, Node node, LoweringContext context) =>
        new(
            new PairwiseCouplingKernel(node.Input(0).Shape[0], op.Classes),
            (Value[])[node.Input(0)],
            ScratchBytes: checked(op.Classes * (op.Classes + 1) * sizeof(float))
        );
}
