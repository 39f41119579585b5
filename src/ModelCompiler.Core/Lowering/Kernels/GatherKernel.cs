using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>Copies the blocks that indices name. Inputs: data, indices.</summary>
/// <param name="Outer">How many times the dimension is walked over.</param>
/// <param name="Size">Size of the dimension.</param>
/// <param name="Indices">How many blocks are picked of each.</param>
/// <param name="BlockBytes">Size of a block.</param>
internal sealed record GatherKernel(int Outer, int Size, int Indices, int BlockBytes) : Kernel
{
    public override string Describe() => $"gather of {Indices} of {Size} blocks of {BlockBytes} bytes, {Outer} times";

    public static LoweredNode? Lower(Gather op, Node node, LoweringContext context)
    {
        var (data, indices) = (node.Input(0), node.Input(1));
        var block = data.Shape.Product(op.Axis + 1, data.Shape.Rank) * data.Element.SizeInBytes();
        return new(
            new GatherKernel(data.Shape.Product(0, op.Axis), data.Shape[op.Axis], indices.Shape.Elements, block),
            (Value[])[data, indices]
        );
    }
}
