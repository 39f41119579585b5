using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>Joins the beginnings of blocks. Inputs: the blocks, how many rows of each are valid.</summary>
/// <param name="Blocks">Number of blocks.</param>
/// <param name="Rows">Rows of a block.</param>
/// <param name="RowBytes">Bytes of a row.</param>
internal sealed record CloseGapsKernel(int Blocks, int Rows, int RowBytes) : Kernel
{
    public override string Describe() => $"beginnings of {Blocks} blocks of {Rows} rows of {RowBytes} bytes";

    public static LoweredNode? Lower(CloseGaps op, Node node, LoweringContext context)
    {
        var (shape, size) = (node.Output.Shape, node.Output.Element.SizeInBytes());
        var kernel = new CloseGapsKernel(shape.Product(0, op.Axis), shape[op.Axis], shape.Product(op.Axis + 1, shape.Rank) * size);
        return new(kernel, (Value[])[node.Input(0), node.Input(1)]);
    }
}
