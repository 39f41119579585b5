using ModelCompiler.Graphs.Movement;

namespace ModelCompiler.Graphs.Operators;

/// <summary>ONNX Split (opset 2, 11, 13, 18): consecutive parts of one dimension, each an output.</summary>
/// <param name="Axis">The dimension that is split.</param>
/// <param name="Sizes">Sizes of the parts; their sum is the dimension's size.</param>
public sealed record Split(int Axis, EquatableArray<int> Sizes) : Operator, ILayoutAgnostic, IMovement
{
    /// <inheritdoc/>
    public PermutedOperator WithPermutedAxes(EquatableArray<int> permutation) => new(this with { Axis = permutation[Axis] }, permutation);

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        var shape = context.Shape(0);
        TensorShape.NormaliseAxis(Axis, shape.Rank);
        return Sizes.Sum() == shape[Axis] && Sizes.All(s => s >= 0)
            ? [.. Sizes.Select(size => context.Type(0) with { Shape = shape.With(Axis, size) })]
            : throw new ShapeException($"parts of {Sizes} do not make up dimension {Axis} of {shape}");
    }

    IEnumerable<Move> IMovement.Moves(IReadOnlyList<TensorType> inputs, IReadOnlyList<TensorType> outputs)
    {
        var strides = inputs[0].Shape.Strides();
        var position = 0;
        for (var i = 0; i < outputs.Count; i++)
        {
            yield return Boxes.Copy(0, i, outputs[i].Shape, strides, outputs[i].Shape.Strides(), position * strides[Axis], 0);
            position += Sizes[i];
        }
    }
}
