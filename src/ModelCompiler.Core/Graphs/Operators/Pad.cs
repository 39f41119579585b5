using ModelCompiler.Graphs.Movement;

namespace ModelCompiler.Graphs.Operators;

/// <summary>What <see cref="Pad"/> puts around a tensor.</summary>
public enum PadMode
{
    /// <summary>One value.</summary>
    Constant,

    /// <summary>The element at the edge, again and again.</summary>
    Edge,

    /// <summary>The elements mirrored at the edge, which itself is not repeated.</summary>
    Reflect,

    /// <summary>The elements of the other end.</summary>
    Wrap,
}

/// <summary>ONNX Pad (opset 2, 11, 13, 18, 19) without negative pads: elements added around a tensor.</summary>
/// <param name="Begin">Elements added before the first, for each dimension.</param>
/// <param name="End">Elements added behind the last, for each dimension.</param>
/// <param name="Mode">What they are.</param>
/// <param name="ValueBits">The bits of the constant, in the lowest bytes, as the element type has them.</param>
public sealed record Pad(EquatableArray<int> Begin, EquatableArray<int> End, PadMode Mode, ulong ValueBits)
    : Operator,
        ILayoutAgnostic,
        IMovement
{
    /// <inheritdoc/>
    public PermutedOperator WithPermutedAxes(EquatableArray<int> permutation) =>
        new(this with { Begin = Permutations.Before(permutation, Begin), End = Permutations.Before(permutation, End) }, permutation);

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        var shape = context.Shape(0);
        if (Begin.Count != shape.Rank || End.Count != shape.Rank || Begin.Concat(End).Any(p => p < 0))
        {
            throw new ShapeException($"pads {Begin} and {End} do not fit {shape}");
        }

        for (var axis = 0; axis < shape.Rank && Mode != PadMode.Constant; axis++)
        {
            var least = Mode == PadMode.Reflect ? 2 : 1;
            if (shape[axis] < least && Begin[axis] + End[axis] > 0)
            {
                throw new ShapeException($"mode {Mode} needs at least {least} elements in padded dimension {axis} of {shape}");
            }
        }

        return [context.Type(0) with { Shape = new TensorShape(shape.Select((size, axis) => checked(Begin[axis] + size + End[axis]))) }];
    }

    IEnumerable<Move> IMovement.Moves(IReadOnlyList<TensorType> inputs, IReadOnlyList<TensorType> outputs)
    {
        var (shape, padded) = (inputs[0].Shape, outputs[0].Shape);
        return Mode == PadMode.Constant ? AroundConstant(shape, padded) : AroundCopies(shape, padded);
    }

    /// <summary>The inner box, and before and behind it in each dimension a filled box as wide as all further dimensions.</summary>
    private IEnumerable<Move> AroundConstant(TensorShape shape, TensorShape padded)
    {
        var to = padded.Strides();
        var start = 0;
        for (var axis = 0; axis < shape.Rank; axis++)
        {
            TensorShape Box(int size) => new(shape.Take(axis).Concat([size]).Concat(padded.Skip(axis + 1)));
            yield return Boxes.Fill(Box(Begin[axis]), to, start, ValueBits);
            yield return Boxes.Fill(Box(End[axis]), to, start + ((Begin[axis] + shape[axis]) * to[axis]), ValueBits);
            start += Begin[axis] * to[axis];
        }

        yield return Boxes.Copy(0, 0, shape, shape.Strides(), to, 0, start);
    }

    /// <summary>Every combination of the runs that the dimensions consist of.</summary>
    private IEnumerable<Move> AroundCopies(TensorShape shape, TensorShape padded)
    {
        var (from, to) = (shape.Strides(), padded.Strides());
        IEnumerable<Move> moves = [new Move(0, 0, Array.Empty<MoveAxis>(), 0, 0)];
        for (var axis = 0; axis < shape.Rank; axis++)
        {
            var (f, t) = (from[axis], to[axis]);
            var runs = Runs(shape[axis], Begin[axis], End[axis]);
            moves = moves.SelectMany(move =>
                runs.Select(run =>
                    move with
                    {
                        Axes = (MoveAxis[])[.. move.Axes, new MoveAxis(run.Count, run.Step * f, t)],
                        From = move.From + (run.First * f),
                        To = move.To + (run.Position * t),
                    }
                )
            );
        }

        return moves;
    }

    /// <summary>A dimension of the output as runs of input elements in arithmetic progression.</summary>
    private List<(int Position, int First, int Step, int Count)> Runs(int size, int begin, int end)
    {
        var runs = new List<(int Position, int First, int Step, int Count)>();
        for (var position = 0; position < begin + size + end; position++)
        {
            var index = SourceIndex(position - begin, size);
            if (runs.Count > 0 && runs[runs.Count - 1] is var run && (run.Count == 1 || index == run.First + (run.Step * run.Count)))
            {
                var step = run.Count == 1 ? index - run.First : run.Step;
                if (Math.Abs(step) <= 1)
                {
                    runs[runs.Count - 1] = (run.Position, run.First, step, run.Count + 1);
                    continue;
                }
            }

            runs.Add((position, index, 1, 1));
        }

        return runs;
    }

    private int SourceIndex(int index, int size)
    {
        if (Mode == PadMode.Edge)
        {
            return Math.Min(Math.Max(index, 0), size - 1);
        }

        var period = Mode == PadMode.Wrap ? size : Math.Max(2 * (size - 1), 1);
        var folded = ((index % period) + period) % period;
        return folded < size ? folded : period - folded;
    }
}
