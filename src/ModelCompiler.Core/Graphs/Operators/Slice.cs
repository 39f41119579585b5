using ModelCompiler.Graphs.Movement;

namespace ModelCompiler.Graphs.Operators;

/// <summary>ONNX Slice (opset 1, 10, 11, 13) with one entry a dimension: every Steps-th element from Starts on.</summary>
/// <param name="Starts">First element, 0 ≤ start.</param>
/// <param name="Sizes">Number of elements: the shape of the output.</param>
/// <param name="Steps">Distance between elements; negative to go backwards, never 0.</param>
public sealed record Slice(EquatableArray<int> Starts, EquatableArray<int> Sizes, EquatableArray<int> Steps)
    : Operator,
        ILayoutAgnostic,
        IMovement
{
    /// <summary>A range of one dimension of a shape.</summary>
    public static Slice Range(TensorShape shape, int axis, int start, int size) =>
        new(shape.Select((_, i) => i == axis ? start : 0).ToArray(), shape.With(axis, size).ToArray(), shape.Select(_ => 1).ToArray());

    /// <inheritdoc/>
    public PermutedOperator WithPermutedAxes(EquatableArray<int> permutation) =>
        new(
            new Slice(
                Permutations.Before(permutation, Starts),
                Permutations.Before(permutation, Sizes),
                Permutations.Before(permutation, Steps)
            ),
            permutation
        );

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        var shape = context.Shape(0);
        if (Starts.Count != shape.Rank || Sizes.Count != shape.Rank || Steps.Count != shape.Rank)
        {
            throw new ShapeException($"a slice of {Sizes.Count} dimensions does not fit {shape}");
        }

        for (var axis = 0; axis < shape.Rank; axis++)
        {
            var last = Starts[axis] + ((long)(Sizes[axis] - 1) * Steps[axis]);
            if (Sizes[axis] > 0 && (Starts[axis] < 0 || Starts[axis] >= shape[axis] || last < 0 || last >= shape[axis]))
            {
                throw new ShapeException($"elements {Starts[axis]} to {last} are not all in dimension {axis} of {shape}");
            }
        }

        return [context.Type(0) with { Shape = new TensorShape(Sizes) }];
    }

    IEnumerable<Move> IMovement.Moves(IReadOnlyList<TensorType> inputs, IReadOnlyList<TensorType> outputs)
    {
        var strides = inputs[0].Shape.Strides();
        var steps = strides.Zip(Steps, (stride, step) => stride * step).ToArray();
        yield return Boxes.Copy(
            0,
            0,
            Sizes,
            steps,
            outputs[0].Shape.Strides(),
            strides.Zip(Starts, (stride, start) => stride * start).Sum(),
            0
        );
    }
}
