using ModelCompiler.Graphs.Movement;

namespace ModelCompiler.Graphs.Operators;

/// <summary>ONNX Concat (opset 4, 11, 13): tensors of equal shapes but for one dimension, one behind the other.</summary>
/// <param name="Axis">The dimension along which they are joined.</param>
public sealed record Concat(int Axis) : Operator, ILayoutAgnostic, IMovement
{
    /// <inheritdoc/>
    public PermutedOperator WithPermutedAxes(EquatableArray<int> permutation) => new(new Concat(permutation[Axis]), permutation);

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.RequireSameElement();
        var first = context.Shape(0);
        TensorShape.NormaliseAxis(Axis, first.Rank);
        var size = 0;
        for (var i = 0; i < context.Count; i++)
        {
            var shape = context.Shape(i);
            if (shape.Rank != first.Rank || shape.With(Axis, first[Axis]) != first)
            {
                throw new ShapeException($"input {i} is {shape}, which differs from {first} in another dimension than {Axis}");
            }

            size = checked(size + shape[Axis]);
        }

        return [context.Type(0) with { Shape = first.With(Axis, size) }];
    }

    IEnumerable<Move> IMovement.Moves(IReadOnlyList<TensorType> inputs, IReadOnlyList<TensorType> outputs)
    {
        var strides = outputs[0].Shape.Strides();
        var position = 0;
        for (var i = 0; i < inputs.Count; i++)
        {
            yield return Boxes.Copy(i, 0, inputs[i].Shape, inputs[i].Shape.Strides(), strides, 0, position * strides[Axis]);
            position += inputs[i].Shape[Axis];
        }
    }
}
