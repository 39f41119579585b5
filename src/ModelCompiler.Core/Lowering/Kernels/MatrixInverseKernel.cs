using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>Gauss-Jordan elimination with the greatest pivot of each column. Scratch: a copy of one matrix.</summary>
/// <param name="Matrices">Number of matrices.</param>
/// <param name="Size">Rows and columns of each.</param>
internal sealed record MatrixInverseKernel(int Matrices, int Size) : Kernel
{
    public override string Describe() => $"inverses of {Matrices} matrices {Size}×{Size}";

    public static LoweredNode? Lower(MatrixInverse op, Node node, LoweringContext context)
    {
        var (shape, rank) = (node.Input(0).Shape, node.Input(0).Shape.Rank);
        var size = shape[rank - 1];
        var bytes = checked(size * size * node.Input(0).Element.SizeInBytes());
        return new(new MatrixInverseKernel(shape.Product(0, rank - 2), size), (Value[])[node.Input(0)], ScratchBytes: bytes);
    }
}
