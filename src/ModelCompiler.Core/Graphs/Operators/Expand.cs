using ModelCompiler.Graphs.Movement;

namespace ModelCompiler.Graphs.Operators;

/// <summary>ONNX Expand (opset 8, 13) and ConstantOfShape: dimensions of size 1 are repeated.</summary>
/// <param name="Shape">Shape of the output.</param>
public sealed record Expand(TensorShape Shape) : Operator, IMovement, ILayoutAgnostic
{
    /// <inheritdoc/>
    public PermutedOperator? WithPermutedAxes(EquatableArray<int> permutation) =>
        permutation.Count == Shape.Rank
            ? new(new Expand(new TensorShape(Permutations.Before<int>(permutation, Shape))), permutation)
            : null;

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context) =>
        TensorShape.Broadcast(context.Shape(0), Shape) == Shape
            ? [context.Type(0) with { Shape = Shape }]
            : throw new ShapeException($"{context.Shape(0)} does not expand to {Shape}");

    IEnumerable<Move> IMovement.Moves(IReadOnlyList<TensorType> inputs, IReadOnlyList<TensorType> outputs)
    {
        var shape = inputs[0].Shape;
        var (from, to) = (shape.Strides(), Shape.Strides());
        var missing = Shape.Rank - shape.Rank;
        yield return Boxes.Copy(
            Shape.Select(
                (size, axis) => new MoveAxis(size, axis < missing || shape[axis - missing] == 1 ? 0 : from[axis - missing], to[axis])
            )
        );
    }
}
