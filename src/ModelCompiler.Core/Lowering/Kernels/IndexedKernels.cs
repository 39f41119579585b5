using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>Takes single elements, each by an index in one dimension. Inputs: data, indices.</summary>
/// <param name="Loops">One loop a dimension of the output; From is 0 in the dimension that the index replaces.</param>
/// <param name="Size">Size of the indexed dimension.</param>
/// <param name="Stride">Its stride in elements.</param>
internal sealed record GatherElementsKernel(EquatableArray<IndexedLoop> Loops, int Size, int Stride) : Kernel
{
    public override string Describe() => $"gather of {string.Join("×", Loops.Select(l => l.Size))} single elements";

    public static LoweredNode? Lower(GatherElements op, Node node, LoweringContext context)
    {
        var (data, output) = (node.Input(0).Shape, node.Output.Shape);
        var (from, to) = (data.Strides(), output.Strides());
        var loops = output.Select((size, axis) => new IndexedLoop(size, axis == op.Axis ? 0 : from[axis], to[axis])).ToArray();
        return new(new GatherElementsKernel(loops, data[op.Axis], from[op.Axis]), (Value[])[node.Input(0), node.Input(1)]);
    }
}

/// <summary>One loop over the indices.</summary>
/// <param name="Size">How often it runs.</param>
/// <param name="From">Elements between two steps in the data.</param>
/// <param name="To">Elements between two steps in the output and in the indices.</param>
internal readonly record struct IndexedLoop(int Size, int From, int To);

/// <summary>Takes blocks by tuples of indices. Inputs: data, indices.</summary>
/// <param name="Batches">Product of the dimensions that data and indices share.</param>
/// <param name="BatchBytes">Bytes of the data in each.</param>
/// <param name="Tuples">Tuples in each.</param>
/// <param name="Sizes">Sizes of the dimensions that a tuple names.</param>
/// <param name="Strides">Bytes between two steps in each of them.</param>
/// <param name="BlockBytes">Bytes that a tuple picks.</param>
internal sealed record GatherTuplesKernel(
    int Batches,
    int BatchBytes,
    int Tuples,
    EquatableArray<int> Sizes,
    EquatableArray<int> Strides,
    int BlockBytes
) : Kernel
{
    public override string Describe() => $"gather of {Batches}×{Tuples} blocks of {BlockBytes} bytes by {Sizes.Count} indices each";

    public static LoweredNode? Lower(GatherND op, Node node, LoweringContext context)
    {
        var (data, indices) = (node.Input(0), node.Input(1).Shape);
        var (batch, tuple, size) = (op.BatchDimensions, indices[indices.Rank - 1], data.Element.SizeInBytes());
        var strides = data.Shape.Strides();
        var kernel = new GatherTuplesKernel(
            data.Shape.Product(0, batch),
            data.Shape.Product(batch, data.Shape.Rank) * size,
            indices.Product(batch, indices.Rank - 1),
            data.Shape.Skip(batch).Take(tuple).ToArray(),
            strides.Skip(batch).Take(tuple).Select(s => s * size).ToArray(),
            data.Shape.Product(batch + tuple, data.Shape.Rank) * size
        );
        return new(kernel, (Value[])[data, node.Input(1)]);
    }
}
