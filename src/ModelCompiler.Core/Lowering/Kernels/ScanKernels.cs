using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>Running sums or products along the middle one of three dimensions.</summary>
/// <param name="Function">Sum or Prod.</param>
/// <param name="Outer">Elements of the dimensions before.</param>
/// <param name="Length">Elements that are walked along.</param>
/// <param name="Inner">Elements of the dimensions behind.</param>
/// <param name="Exclusive">Whether an element itself does not count.</param>
/// <param name="Reverse">Whether the walk begins at the end.</param>
internal sealed record CumulativeKernel(ReduceFunction Function, int Outer, int Length, int Inner, bool Exclusive, bool Reverse) : Kernel
{
    public override string Describe() => $"running {Function.ToString().ToLowerInvariant()} of {Length} over {Outer}×{Inner}";

    public static LoweredNode? Lower(Cumulative op, Node node, LoweringContext context)
    {
        var shape = node.Input(0).Shape;
        var (outer, inner) = (shape.Product(0, op.Axis), shape.Product(op.Axis + 1, shape.Rank));
        return new(
            new CumulativeKernel(op.Function, outer, shape[op.Axis], inner, op.Exclusive, op.Reverse),
            (Value[])[node.Input(0)],
            InPlaceInput: 0
        );
    }
}

/// <summary>The best elements along the middle one of three dimensions. Outputs: values, indices.</summary>
/// <param name="Outer">Elements of the dimensions before.</param>
/// <param name="Length">Elements that are searched.</param>
/// <param name="Inner">Elements of the dimensions behind.</param>
/// <param name="Count">How many are kept.</param>
/// <param name="Smallest">Whether the smallest are looked for.</param>
/// <param name="ByHeap">Whether the best so far are a heap; else they are in order, and a new one is inserted.</param>
internal sealed record TopKKernel(int Outer, int Length, int Inner, int Count, bool Smallest, bool ByHeap) : Kernel
{
    /// <summary>Up to here moving elements is cheaper than keeping a heap.</summary>
    private const int MaxInserted = 16;

    public override string Describe() => $"{(Smallest ? "smallest" : "greatest")} {Count} of {Length} over {Outer}×{Inner}";

    public static LoweredNode? Lower(TopK op, Node node, LoweringContext context)
    {
        var shape = node.Input(0).Shape;
        var (outer, inner) = (shape.Product(0, op.Axis), shape.Product(op.Axis + 1, shape.Rank));
        return new(new TopKKernel(outer, shape[op.Axis], inner, op.Count, op.Smallest, op.Count > MaxInserted), (Value[])[node.Input(0)]);
    }
}
