using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

internal static class GatherImport
{
    /// <summary>Indices known at compile time that go on in equal steps make a slice, which is a view or a block copy.</summary>
    public static ImmutableArray<Value> Gather(OnnxNode node, GraphBuilder graph)
    {
        var (data, indices) = (node.Input(0), node.Input(1));
        var axis = data.Shape.NormaliseAxis(node.Int("axis", 0));
        if (indices.Constant is not { } constant || data.Constant is not null)
        {
            return [graph.Add(new Gather(axis), data, indices)];
        }

        var positions = constant.ToLongs().Select(i => Position(i, data.Shape[axis])).ToArray();
        if (Step(positions) is not { } step)
        {
            return [graph.Add(new Gather(axis), data, indices)];
        }

        var slice = new Slice(
            data.Shape.Select((_, i) => i == axis ? positions[0] : 0).ToArray(),
            data.Shape.With(axis, positions.Length).ToArray(),
            data.Shape.Select((_, i) => i == axis ? step : 1).ToArray()
        );
        var shape = new TensorShape([.. data.Shape.Take(axis), .. indices.Shape, .. data.Shape.Skip(axis + 1)]);
        var sliced = graph.Add(slice, data);
        return shape == sliced.Shape ? [sliced] : [graph.Add(new Reshape(shape), sliced)];
    }

    public static ImmutableArray<Value> GatherElements(OnnxNode node, GraphBuilder graph)
    {
        var data = node.Input(0);
        return [graph.Add(new GatherElements(data.Shape.NormaliseAxis(node.Int("axis", 0))), data, node.Input(1))];
    }

    public static ImmutableArray<Value> GatherND(OnnxNode node, GraphBuilder graph) =>
        node.Int("batch_dims", 0) is >= 0 and < 1 << 8 and var batch
            ? [graph.Add(new GatherND((int)batch), node.Input(0), node.Input(1))]
            : throw new ShapeException($"batch_dims is {node.Int("batch_dims", 0)}");

    public static ImmutableArray<Value> OneHot(OnnxNode node, GraphBuilder graph)
    {
        var depth = OnnxNode.One(node.ConstantInput(1, "the depth"), "the depth");
        var size = depth.Element == ElementType.Float32 ? (long)depth.ToFloats()[0] : depth.ToLongs()[0];
        var axis = TensorShape.NormaliseAxis(node.Int("axis", -1), node.Input(0).Shape.Rank + 1);
        return size is > 0 and <= TensorShape.MaxElements
            ? [graph.Add(new OneHot(axis, (int)size), node.Input(0), node.Input(2))]
            : throw new ShapeException($"the depth is {size}; a positive number was expected");
    }

    private static int Position(long index, int size) =>
        index >= -size && index < size
            ? (int)(index < 0 ? index + size : index)
            : throw new ShapeException($"index {index} is outside of [{-size}, {size - 1}]");

    /// <summary>The distance between neighbours where it is the same everywhere and not 0; null otherwise.</summary>
    private static int? Step(int[] positions)
    {
        if (positions.Length == 0)
        {
            return null;
        }

        var step = positions.Length == 1 ? 1 : positions[1] - positions[0];
        return step != 0 && Enumerable.Range(1, positions.Length - 1).All(i => positions[i] - positions[i - 1] == step) ? step : null;
    }
}
