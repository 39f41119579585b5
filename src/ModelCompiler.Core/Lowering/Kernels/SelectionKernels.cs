using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>The coordinates of all elements that are not zero. Outputs: coordinates, their number.</summary>
/// <param name="Sizes">Sizes of the input's dimensions.</param>
internal sealed record NonZeroKernel(EquatableArray<int> Sizes) : Kernel
{
    public override string Describe() => $"coordinates of non-zeros in {string.Join("×", Sizes)}";

    public static LoweredNode? Lower(NonZero op, Node node, LoweringContext context)
    {
        var shape = node.Input(0).Shape;
        return new(new NonZeroKernel(shape.Rank == 0 ? (int[])[1] : shape.ToArray()), (Value[])[node.Input(0)]);
    }
}

/// <summary>The parts of the middle one of three dimensions for which a condition holds. Inputs: data, conditions. Outputs: parts, their number.</summary>
/// <param name="Outer">Elements of the dimensions before.</param>
/// <param name="Length">Size of the dimension.</param>
/// <param name="Kept">The most parts that can be kept: as many as have conditions.</param>
/// <param name="BlockBytes">Bytes of the dimensions behind.</param>
internal sealed record CompressKernel(int Outer, int Length, int Kept, int BlockBytes) : Kernel
{
    public override string Describe() => $"parts of {Kept} that a condition keeps, {Outer}×{BlockBytes} bytes each";

    public static LoweredNode? Lower(Compress op, Node node, LoweringContext context)
    {
        var (shape, size) = (node.Input(0).Shape, node.Input(0).Element.SizeInBytes());
        var kernel = new CompressKernel(
            shape.Product(0, op.Axis),
            shape[op.Axis],
            node.Output.Shape[op.Axis],
            shape.Product(op.Axis + 1, shape.Rank) * size
        );
        return new(kernel, (Value[])[node.Input(0), node.Input(1)]);
    }
}

/// <summary>
/// The parts of the middle one of three dimensions without repetitions. Outputs: parts, where each occurs first, which of them each
/// part of the input is, how often each occurs, their number.
/// </summary>
/// <param name="Outer">Elements of the dimensions before.</param>
/// <param name="Length">Parts.</param>
/// <param name="Inner">Elements of the dimensions behind.</param>
/// <param name="ElementBytes">Bytes of an element.</param>
/// <param name="IsSorted">Whether they come in ascending order.</param>
internal sealed record UniqueKernel(int Outer, int Length, int Inner, int ElementBytes, bool IsSorted) : Kernel
{
    /// <summary>Lists of integers in the scratch memory, one entry a part.</summary>
    private const int Lists = 4;

    public override string Describe() => $"unique ones of {Length} parts of {Outer}×{Inner}{(IsSorted ? ", sorted" : "")}";

    public static LoweredNode? Lower(Unique op, Node node, LoweringContext context)
    {
        var (x, shape) = (node.Input(0), node.Input(0).Shape);
        var kernel = new UniqueKernel(
            shape.Product(0, op.Axis),
            shape[op.Axis],
            shape.Product(op.Axis + 1, shape.Rank),
            x.Element.SizeInBytes(),
            op.IsSorted
        );
        return new(kernel, (Value[])[x], ScratchBytes: checked(Math.Max(kernel.Length, 1) * sizeof(int) * Lists));
    }
}

/// <summary>
/// Of boxes that overlap much the ones with the best scores. Inputs: boxes, scores, those of the three numbers that are not known.
/// Outputs: triples, their number.
/// </summary>
/// <param name="Batches">Batches.</param>
/// <param name="Classes">Classes.</param>
/// <param name="Boxes">Boxes of a batch.</param>
/// <param name="IsCentred">Whether a box is centre and size.</param>
/// <param name="Most">The most boxes a class.</param>
/// <param name="MostInput">The input with the most boxes; null where the number is known.</param>
/// <param name="Overlap">The overlap that is still allowed.</param>
/// <param name="Score">The score that has to be exceeded; null where none has to be.</param>
internal sealed record NonMaxSuppressionKernel(
    int Batches,
    int Classes,
    int Boxes,
    bool IsCentred,
    int Most,
    int? MostInput,
    KnownOrInput Overlap,
    KnownOrInput? Score
) : Kernel
{
    public override string Describe() => $"best of {Boxes} boxes that overlap little, {Batches} batches, {Classes} classes";

    public static LoweredNode? Lower(NonMaxSuppression op, Node node, LoweringContext context)
    {
        var (boxes, scores) = (node.Input(0), node.Input(1));
        var inputs = new List<Value> { boxes, scores };
        int? most = node.HasInput(2) && node.Input(2).Constant is null ? AddInput(node.Input(2)) : null;
        var kernel = new NonMaxSuppressionKernel(
            scores.Shape[0],
            scores.Shape[1],
            scores.Shape[2],
            op.IsCentred,
            Math.Min(op.Most, scores.Shape[2]),
            most,
            Number(3) ?? new KnownOrInput(0, null),
            Number(4)
        );
        return new(kernel, inputs.ToArray(), ScratchBytes: checked(Math.Max(kernel.Boxes, 1) * sizeof(int)));

        int AddInput(Value value)
        {
            inputs.Add(value);
            return inputs.Count - 1;
        }

        KnownOrInput? Number(int input) =>
            !node.HasInput(input) ? null
            : node.Input(input) is { Constant: { } constant } ? new(constant.ToFloats()[0], null)
            : new(0, AddInput(node.Input(input)));
    }
}

/// <summary>A number that is known, or else the input that has it.</summary>
internal sealed record KnownOrInput(float Known, int? Input);
