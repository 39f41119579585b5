using ModelCompiler.Graphs.Movement;

namespace ModelCompiler.Graphs.Operators;

/// <summary>ONNX Transpose (opset 1, 13): output dimension i is input dimension Permutation[i].</summary>
/// <param name="Permutation">Each of 0 … rank − 1 once.</param>
public sealed record Transpose(EquatableArray<int> Permutation) : Operator, IMovement
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        var shape = context.Shape(0);
        return Permutation.OrderBy(axis => axis).SequenceEqual(Enumerable.Range(0, shape.Rank))
            ? [context.Type(0) with { Shape = new TensorShape(Permutation.Select(axis => shape[axis])) }]
            : throw new ShapeException($"{Permutation} is no permutation of the dimensions of {shape}");
    }

    IEnumerable<Move> IMovement.Moves(IReadOnlyList<TensorType> inputs, IReadOnlyList<TensorType> outputs)
    {
        var (from, to) = (inputs[0].Shape.Strides(), outputs[0].Shape.Strides());
        yield return Boxes.Copy(Permutation.Select((axis, i) => new MoveAxis(inputs[0].Shape[axis], from[axis], to[i])));
    }
}
