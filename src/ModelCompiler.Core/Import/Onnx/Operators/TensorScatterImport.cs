using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>TensorScatter (opset 24): writes new entries into a cache, for each batch from an index of its own on.</summary>
internal static class TensorScatterImport
{
    /// <summary>Each has a constant that names it.</summary>
    private const int MaxRows = 1 << 20;

    public static ImmutableArray<Value> TensorScatter(OnnxNode node, GraphBuilder graph)
    {
        var (cache, update) = (new Term(graph, node.Input(0)), new Term(graph, node.Input(1)));
        var axis = cache.Shape.NormaliseAxis(node.Int("axis", -2));
        var isCircular = node.Text("mode", "linear") switch
        {
            "linear" => false,
            "circular" => true,
            var other => throw node.Unsupported($"mode '{other}' is not supported; supported: linear, circular"),
        };
        if (axis == 0 || update.Shape.Rank != cache.Shape.Rank || update.Shape.With(axis, cache.Shape[axis]) != cache.Shape)
        {
            throw new ShapeException($"an update {update.Shape} does not fit dimension {axis} of a cache {cache.Shape}");
        }

        if (cache.Shape.Product(0, axis) is > MaxRows and var many)
        {
            throw node.Unsupported($"caches of {many} rows are not supported; supported: up to {MaxRows}");
        }

        // Every entry is a block behind the dimension, named by its row before the dimension and its index in it.
        var (batches, rows, length) = (cache.Shape[0], cache.Shape.Product(0, axis), update.Shape[axis]);
        var block = cache.Shape.Product(axis + 1, cache.Shape.Rank);
        var places = Steps(graph, length).Reshape(1, length);
        if (node.OptionalInput(2) is { } first)
        {
            var starts = new Term(graph, first).To(ElementType.Int64).Reshape(batches, 1, 1);
            places = (starts + places).Apply(new Expand(new(batches, batches == 0 ? 0 : rows / batches, length))).Reshape(rows, length);
        }

        places = isCircular ? places.With(BinaryFunction.FloorMod, places.Number(cache.Shape[axis])) : places;
        var tuples = Column(Steps(graph, rows).Reshape(rows, 1)).Apply(new Concat(2), Column(places).Value);
        var scattered = cache
            .Reshape(rows, cache.Shape[axis], block)
            .Apply(new ScatterND(ScatterReduction.None), tuples.Value, update.Reshape(rows, length, block).Value);
        return [scattered.Reshape(cache.Shape).Value];

        Term Column(Term x) => x.Apply(new Expand(new(rows, length))).Reshape(rows, length, 1);
    }

    private static Term Steps(GraphBuilder graph, int count) =>
        new(graph, graph.Constant(Tensor.Longs([.. Enumerable.Range(0, count).Select(i => (long)i)])));
}
