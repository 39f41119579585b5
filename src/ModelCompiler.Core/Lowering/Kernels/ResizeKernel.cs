using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Movement;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>One loop of a resize.</summary>
/// <param name="Size">How often it runs: outputs.</param>
/// <param name="Taps">Inputs to each output; 0 where output i is input i and no table is needed.</param>
/// <param name="From">Elements between two inputs; the tables' positions are multiplied by it already.</param>
/// <param name="To">Elements between two outputs.</param>
/// <param name="Table">Where this dimension's entries begin in the tables of positions and weights.</param>
internal readonly record struct ResizeLoop(int Size, int Taps, int From, int To, int Table);

/// <summary>Resamples dimension by dimension, with positions and weights from tables.</summary>
/// <param name="Element">Element type.</param>
/// <param name="Loops">The loops but the innermost, outermost first.</param>
/// <param name="Block">Adjacent elements that share positions and weights: the channels.</param>
/// <param name="Positions">Positions of taps in elements, Int32; −1 for outside.</param>
/// <param name="Weights">Weights of taps; null where elements are only copied.</param>
/// <param name="Extrapolation">What outputs outside of the input get; null where there are none.</param>
/// <param name="Sets">Instruction sets that a block of floats is written for.</param>
internal sealed record ResizeKernel(
    ElementType Element,
    EquatableArray<ResizeLoop> Loops,
    int Block,
    PackedWeights Positions,
    PackedWeights? Weights,
    float? Extrapolation,
    EquatableArray<InstructionSet> Sets
) : Kernel
{
    public override EquatableArray<InstructionSet> Variants => Sets;

    public override string Describe() =>
        $"resize of {Element} to {string.Join("×", Loops.Select(l => l.Taps > 1 ? $"{l.Size} by {l.Taps} taps" : $"{l.Size}"))}, {Block} channels";

    public static LoweredNode? Lower(Resize op, Node node, LoweringContext context)
    {
        var (input, output) = (node.Input(0), node.Output);
        if (op.IsNearest && Repetition(op, input.Shape, output.Shape) is { } move)
        {
            return MovementKernel.Lower(node, move.Elements > 0 ? [move.Simplified()] : []);
        }

        var (from, to) = (input.Shape.Strides(), output.Shape.Strides());
        var (loops, positions, weights) = (new List<ResizeLoop>(), new List<int>(), new List<float>());
        var last = Enumerable.Range(0, input.Shape.Rank).Last(axis => !op.Axes[axis].IsUnchanged(input.Shape[axis]));
        for (var axis = 0; axis <= last; axis++)
        {
            var resampled = op.Axes[axis];
            var taps = resampled.IsUnchanged(input.Shape[axis]) ? 0 : resampled.Taps;
            loops.Add(new ResizeLoop(resampled.Size, taps, from[axis], to[axis], positions.Count));
            if (taps > 0)
            {
                positions.AddRange(resampled.Indices.Select(i => i < 0 ? -1 : i * from[axis]));
                weights.AddRange(resampled.Weights);
            }
        }

        var block = input.Shape.Product(last + 1, input.Shape.Rank);
        var kernel = new ResizeKernel(
            input.Element,
            loops.Where(l => l.Size != 1 || l.Taps > 0).ToArray(),
            block,
            context.AddWeights<int>(node, "positions", ElementType.Int32, positions.ToArray()),
            op.IsNearest ? null : context.AddWeights<float>(node, "weights", ElementType.Float32, weights.ToArray()),
            positions.Contains(-1) ? op.Extrapolation : null,
            SetsFor(op, input.Element, block, context.Target)
        );
        return new(kernel, (Value[])[input]);
    }

    /// <summary>Elements repeated by whole factors need no tables.</summary>
    private static Move? Repetition(Resize op, TensorShape input, TensorShape output)
    {
        var repeats = op.Axes.Select((axis, i) => axis.Repeats(input[i])).ToArray();
        var (from, to) = (input.Strides(), output.Strides());
        return repeats.Contains(0)
            ? null
            : Boxes.Copy(
                repeats.SelectMany(
                    (factor, axis) => new[] { new MoveAxis(input[axis], from[axis], to[axis] * factor), new MoveAxis(factor, 0, to[axis]) }
                )
            );
    }

    private static EquatableArray<InstructionSet> SetsFor(Resize op, ElementType element, int block, Target target)
    {
        if (op.IsNearest || element != ElementType.Float32 || block < 4)
        {
            return (InstructionSet[])[InstructionSet.Portable];
        }

        // Vectors wider than the block only add code; 128 bits are one and the same on every instruction set. A target for both
        // AVX2 and AVX-VNNI needs one of them: the code is the same.
        var both = target.InstructionSets.Contains(InstructionSet.Avx2);
        InstructionSet[] wide =
        [
            .. target.InstructionSets.Where(s =>
                (s == InstructionSet.Avx512 && block >= 16)
                || (block >= 8 && (s == InstructionSet.Avx2 || (s == InstructionSet.AvxVnni && !both)))
            ),
        ];
        return wide.Length == target.InstructionSets.Count ? wide : [.. wide, InstructionSet.Portable];
    }
}
