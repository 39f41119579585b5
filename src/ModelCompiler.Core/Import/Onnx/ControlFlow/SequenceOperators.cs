using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.ControlFlow;

/// <summary>Operators of sequences: their lengths are known at import, so they are no more than lists of values.</summary>
internal static class SequenceOperators
{
    public static ImmutableArray<OnnxValue?> Construct(ControlNode node) =>
        [Sequence([.. Enumerable.Range(0, node.Inputs.Length).Select(node.Tensor)])];

    public static ImmutableArray<OnnxValue?> Empty(ControlNode node) => [new OnnxSequence([])];

    public static ImmutableArray<OnnxValue?> Length(ControlNode node) =>
        [new OnnxTensor(node.Graph.Constant(Tensor.Longs(node.Sequence(0).Length).Reshape(TensorShape.Scalar)))];

    public static ImmutableArray<OnnxValue?> Insert(ControlNode node)
    {
        var items = node.Sequence(0);
        var position = node.HasInput(2) ? Position(node, 2, items.Length, items.Length) : items.Length;
        return [Sequence(items.Insert(position, node.Tensor(1)))];
    }

    public static ImmutableArray<OnnxValue?> Erase(ControlNode node)
    {
        var items = node.Sequence(0);
        var position = node.HasInput(1) ? Position(node, 1, items.Length, items.Length - 1) : items.Length - 1;
        return items.IsEmpty
            ? throw new ShapeException("the sequence is empty: there is nothing to erase")
            : [new OnnxSequence(items.RemoveAt(position))];
    }

    public static ImmutableArray<OnnxValue?> At(ControlNode node)
    {
        var items = node.Sequence(0);
        if (node.Tensor(1).Constant is not null)
        {
            return [new OnnxTensor(items[Position(node, 1, items.Length, items.Length - 1)])];
        }

        if (items.IsEmpty || items.Any(i => i.Type != items[0].Type))
        {
            throw node.Unsupported(
                "the position is computed at run time; this is supported where all elements of the sequence have one type, "
                    + $"found {string.Join(", ", items.Select(i => i.Type).Distinct())}"
            );
        }

        var index = node.Graph.Add(new Reshape(TensorShape.Scalar), node.Tensor(1));
        return [new OnnxTensor(node.Graph.Add(new Gather(0), Stack(node.Graph, items), index))];
    }

    public static ImmutableArray<OnnxValue?> ConcatFromSequence(ControlNode node)
    {
        var items = node.Sequence(0);
        if (items.IsEmpty)
        {
            throw new ShapeException("the sequence is empty: there is nothing to join");
        }

        var axis = node.Plain.RequiredInt("axis");
        return
        [
            new OnnxTensor(
                node.Plain.Int("new_axis", 0) != 0
                    ? Stack(node.Graph, items, TensorShape.NormaliseAxis(axis, items[0].Shape.Rank + 1))
                    : Join(node.Graph, items, items[0].Shape.NormaliseAxis(axis))
            ),
        ];
    }

    /// <summary>Tensors of one shape as one, along a new dimension.</summary>
    /// <exception cref="ShapeException">Their types differ.</exception>
    public static Value Stack(GraphBuilder graph, IReadOnlyList<Value> items, int axis = 0) =>
        Join(
            graph,
            [
                .. items.Select(item =>
                    item.Shape == items[0].Shape
                        ? new Term(graph, item).Reshape([.. item.Shape.Take(axis), 1, .. item.Shape.Skip(axis)]).Value
                        : throw new ShapeException($"tensors of {items[0].Shape} and {item.Shape} cannot be stacked")
                ),
            ],
            axis
        );

    private static Value Join(GraphBuilder graph, IReadOnlyList<Value> items, int axis) =>
        items.Count == 1 ? items[0] : graph.Add(new Concat(axis), [.. items]);

    private static OnnxSequence Sequence(ImmutableArray<Value> items) =>
        items.FirstOrDefault(i => i.Element != items[0].Element) is { } other
            ? throw new ShapeException($"a sequence has elements of one type, found {items[0].Type} and {other.Type}")
            : new OnnxSequence(items);

    /// <summary>A constant position in [−length, last], counted from the begin.</summary>
    private static int Position(ControlNode node, int input, int length, int last)
    {
        var position = node.ConstantInteger(input, "the position in the sequence");
        return position >= -length && position <= last
            ? (int)(position < 0 ? position + length : position)
            : throw new ShapeException($"position {position} is not in a sequence of {length} tensors");
    }
}
