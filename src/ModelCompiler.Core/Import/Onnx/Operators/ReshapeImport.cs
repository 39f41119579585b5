using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>Operators that give the same elements another shape.</summary>
internal static class ReshapeImport
{
    public static ImmutableArray<Value> Reshape(OnnxNode node, GraphBuilder graph)
    {
        var wanted = node.Ints("shape") ?? node.ConstantInput(1, "the shape").ToLongs();
        return View(node, graph, Resolve(node.Input(0).Shape, wanted, zeroIsSize: node.Int("allowzero", 0) != 0));
    }

    public static ImmutableArray<Value> Flatten(OnnxNode node, GraphBuilder graph)
    {
        var shape = node.Input(0).Shape;
        var axis = node.Int("axis", 1);
        var split = axis == shape.Rank ? shape.Rank : shape.NormaliseAxis(axis);
        return View(node, graph, new TensorShape(shape.Product(0, split), shape.Product(split, shape.Rank)));
    }

    public static ImmutableArray<Value> Squeeze(OnnxNode node, GraphBuilder graph)
    {
        var shape = node.Input(0).Shape;
        var axes =
            Axes(node)?.Select(shape.NormaliseAxis).ToArray() ?? [.. Enumerable.Range(0, shape.Rank).Where(axis => shape[axis] == 1)];
        foreach (var axis in axes)
        {
            if (shape[axis] != 1)
            {
                throw new ShapeException($"dimension {axis} of {shape} cannot be squeezed: its size is not 1");
            }
        }

        return View(node, graph, new TensorShape(shape.Where((_, axis) => !axes.Contains(axis))));
    }

    public static ImmutableArray<Value> Unsqueeze(OnnxNode node, GraphBuilder graph)
    {
        var shape = node.Input(0).Shape;
        var given = Axes(node) ?? throw new ShapeException("'axes' is missing");
        var rank = shape.Rank + given.Length;
        var axes = new HashSet<int>(given.Select(axis => TensorShape.NormaliseAxis(axis, rank)));
        if (axes.Count != given.Length)
        {
            throw new ShapeException($"axes [{string.Join(",", given)}] name a dimension twice");
        }

        var sizes = new Queue<int>(shape);
        return View(node, graph, new TensorShape(Enumerable.Range(0, rank).Select(axis => axes.Contains(axis) ? 1 : sizes.Dequeue())));
    }

    /// <summary>com.microsoft ExpandDims: one dimension of size 1 more. Input 1 says where; −1 is behind the last.</summary>
    public static ImmutableArray<Value> ExpandDims(OnnxNode node, GraphBuilder graph)
    {
        var shape = node.Input(0).Shape;
        var given = node.ConstantInput(1, "the axis").ToLongs();
        var axis =
            given.Length == 1
                ? TensorShape.NormaliseAxis(given[0], shape.Rank + 1)
                : throw new ShapeException($"one axis was expected, found [{string.Join(",", given)}]");
        return View(node, graph, new TensorShape([.. shape.Take(axis), 1, .. shape.Skip(axis)]));
    }

    private static long[]? Axes(OnnxNode node) => node.Ints("axes") ?? node.OptionalConstantInput(1, "the list of axes")?.ToLongs();

    private static ImmutableArray<Value> View(OnnxNode node, GraphBuilder graph, TensorShape shape) =>
        shape == node.Input(0).Shape ? [node.Input(0)] : [graph.Add(new Reshape(shape), node.Input(0))];

    /// <summary>Puts sizes in the place of 0 (copied from the input) and −1 (whatever is left).</summary>
    private static TensorShape Resolve(TensorShape shape, long[] wanted, bool zeroIsSize)
    {
        var sizes = new long[wanted.Length];
        var open = -1;
        long known = 1;
        for (var axis = 0; axis < sizes.Length; axis++)
        {
            if (wanted[axis] == -1)
            {
                open = open < 0 ? axis : throw new ShapeException($"[{string.Join(",", wanted)}] has −1 twice");
                continue;
            }

            sizes[axis] =
                wanted[axis] != 0 || zeroIsSize ? wanted[axis]
                : axis < shape.Rank ? shape[axis]
                : throw new ShapeException($"size 0 of dimension {axis} copies from {shape}, which has no such dimension");
            known *= Checked(sizes[axis]);
            Checked(known);
        }

        if (open >= 0)
        {
            sizes[open] =
                known > 0 && shape.Elements % known == 0
                    ? shape.Elements / known
                    : throw new ShapeException($"{shape.Elements} elements of {shape} do not divide into [{string.Join(",", wanted)}]");
        }

        return new TensorShape(sizes.Select(s => (int)s));
    }

    private static long Checked(long size) =>
        size is >= 0 and <= TensorShape.MaxElements ? size : throw new ShapeException($"a dimension has the size {size}");
}
