using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>Copies the data and updates single elements, each by an index in one dimension. Inputs: data, indices, updates.</summary>
/// <param name="DataBytes">Size of the data.</param>
/// <param name="Loops">One loop a dimension of the indices; To is 0 in the dimension that the index replaces.</param>
/// <param name="Size">Size of the indexed dimension.</param>
/// <param name="Stride">Its stride in elements.</param>
/// <param name="Reduction">What an update does.</param>
internal sealed record ScatterElementsKernel(
    int DataBytes,
    EquatableArray<IndexedLoop> Loops,
    int Size,
    int Stride,
    ScatterReduction Reduction
) : Kernel
{
    public override string Describe() => $"scatter of {string.Join("×", Loops.Select(l => l.Size))} single elements";

    public static LoweredNode? Lower(ScatterElements op, Node node, LoweringContext context)
    {
        var (data, indices) = (node.Input(0), node.Input(1).Shape);
        var (from, to) = (indices.Strides(), data.Shape.Strides());
        var loops = indices.Select((size, axis) => new IndexedLoop(size, from[axis], axis == op.Axis ? 0 : to[axis])).ToArray();
        return new(
            new ScatterElementsKernel(data.Type.Bytes, loops, data.Shape[op.Axis], to[op.Axis], op.Reduction),
            (Value[])[data, node.Input(1), node.Input(2)]
        );
    }
}

/// <summary>Copies the data and updates blocks by tuples of indices. Inputs: data, indices, updates.</summary>
/// <param name="DataBytes">Size of the data.</param>
/// <param name="Tuples">Number of tuples.</param>
/// <param name="Sizes">Sizes of the dimensions that a tuple names.</param>
/// <param name="Strides">Elements between two steps in each of them.</param>
/// <param name="Block">Elements that a tuple names.</param>
/// <param name="Reduction">What an update does.</param>
internal sealed record ScatterTuplesKernel(
    int DataBytes,
    int Tuples,
    EquatableArray<int> Sizes,
    EquatableArray<int> Strides,
    int Block,
    ScatterReduction Reduction
) : Kernel
{
    public override string Describe() => $"scatter of {Tuples} blocks of {Block} elements by {Sizes.Count} indices each";

    public static LoweredNode? Lower(ScatterND op, Node node, LoweringContext context)
    {
        var (data, indices) = (node.Input(0), node.Input(1).Shape);
        var tuple = indices[indices.Rank - 1];
        var kernel = new ScatterTuplesKernel(
            data.Type.Bytes,
            indices.Product(0, indices.Rank - 1),
            data.Shape.Take(tuple).ToArray(),
            data.Shape.Strides().Take(tuple).ToArray(),
            data.Shape.Product(tuple, data.Shape.Rank),
            op.Reduction
        );
        return new(kernel, (Value[])[data, node.Input(1), node.Input(2)]);
    }
}
