using ModelCompiler.Graphs.Movement;

namespace ModelCompiler.Graphs.Operators;

/// <summary>ONNX Tile (opset 6, 13): the whole tensor repeated along its dimensions.</summary>
/// <param name="Repeats">How often, for each dimension.</param>
public sealed record Tile(EquatableArray<int> Repeats) : Operator, ILayoutAgnostic, IMovement
{
    /// <inheritdoc/>
    public PermutedOperator WithPermutedAxes(EquatableArray<int> permutation) =>
        new(new Tile(Permutations.Before(permutation, Repeats)), permutation);

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        var shape = context.Shape(0);
        return Repeats.Count == shape.Rank
            ? [context.Type(0) with { Shape = new TensorShape(shape.Select((size, axis) => checked(size * Repeats[axis]))) }]
            : throw new ShapeException($"{Repeats.Count} repeats do not fit {shape}; one a dimension is needed");
    }

    IEnumerable<Move> IMovement.Moves(IReadOnlyList<TensorType> inputs, IReadOnlyList<TensorType> outputs)
    {
        var shape = inputs[0].Shape;
        var (from, to) = (shape.Strides(), outputs[0].Shape.Strides());
        yield return Boxes.Copy(
            Enumerable
                .Range(0, shape.Rank)
                .SelectMany(axis =>
                    new[] { new MoveAxis(Repeats[axis], 0, shape[axis] * to[axis]), new MoveAxis(shape[axis], from[axis], to[axis]) }
                )
        );
    }
}
