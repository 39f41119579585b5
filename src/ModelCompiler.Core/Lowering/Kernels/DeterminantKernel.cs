using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>Determinants by elimination in double precision, on a copy of each matrix.</summary>
/// <param name="Matrices">Number of matrices.</param>
/// <param name="Size">Rows of each.</param>
internal sealed record DeterminantKernel(int Matrices, int Size) : Kernel
{
    public override string Describe() => $"determinants of {Matrices} matrices {Size}×{Size}";

    public static LoweredNode? Lower(Determinant op, Node node, LoweringContext context)
    {
        var shape = node.Input(0).Shape;
        var kernel = new DeterminantKernel(node.Output.Shape.Elements, shape[shape.Rank - 1]);
        var scratch = checked(Math.Max(kernel.Size * kernel.Size, 1) * sizeof(double));
        return new(kernel, (Value[])[node.Input(0)], scratch);
    }
}
