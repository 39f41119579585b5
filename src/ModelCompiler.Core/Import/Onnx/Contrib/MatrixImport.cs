using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Contrib;

/// <summary>Inverse, CDist, MatMulInteger16 and UnfoldTensor.</summary>
internal static class MatrixImport
{
    public static ImmutableArray<Value> Inverse(OnnxNode node, GraphBuilder graph) => [graph.Add(new MatrixInverse(), node.Input(0))];

    /// <summary>Distances of each row of a [m, k] from each row of b [n, k].</summary>
    public static ImmutableArray<Value> Distances(OnnxNode node, GraphBuilder graph)
    {
        var (a, b) = (new Term(graph, node.Input(0)), new Term(graph, node.Input(1)));
        if (a.Shape.Rank != 2 || b.Shape.Rank != 2 || a.Shape[1] != b.Shape[1])
        {
            throw new ShapeException($"rows of one size were expected, found {a.Shape} and {b.Shape}");
        }

        var differences = a.Reshape(a.Shape[0], 1, a.Shape[1]) - b;
        var squares = (differences * differences).Apply(new Reduce(ReduceFunction.Sum, (int[])[2], KeepDims: false));
        return node.Text("metric", "sqeuclidean") switch
        {
            "sqeuclidean" => [squares.Value],
            "euclidean" => [squares.Of(UnaryFunction.Sqrt).Value],
            var other => throw node.Unsupported($"metric '{other}' is not supported; supported: sqeuclidean, euclidean"),
        };
    }

    /// <summary>The product of integers of 16 bits in 32 bits, without signs where neither has them.</summary>
    public static ImmutableArray<Value> MatMulInteger16(OnnxNode node, GraphBuilder graph)
    {
        var (a, b) = (Shorts(node.Input(0)), Shorts(node.Input(1)));
        var element =
            a.Value.Element == ElementType.UInt16 && b.Value.Element == ElementType.UInt16 ? ElementType.UInt32 : ElementType.Int32;
        return [a.To(element).Apply(MatMul.Plain, b.To(element).Value).Value];

        Term Shorts(Value value) =>
            value.Element is ElementType.Int16 or ElementType.UInt16
                ? new Term(graph, value)
                : throw new ShapeException($"integers of 16 bits were expected, found {value.Type}");
    }

    /// <summary>Windows along one dimension, which become a new last dimension.</summary>
    public static ImmutableArray<Value> Unfold(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        var axis = x.Shape.NormaliseAxis(node.Int("dim", -1));
        var (size, step) = (node.RequiredInt("size"), node.Int("step", 1));
        if (size < 1 || size > x.Shape[axis] || step < 1)
        {
            throw new ShapeException($"windows of {size} in steps of {step} do not fit dimension {axis} of {x.Shape}");
        }

        var windows = (int)((x.Shape[axis] - size) / step) + 1;
        long[] indices = [.. Enumerable.Range(0, windows).SelectMany(w => Enumerable.Range(0, (int)size).Select(i => (w * step) + i))];
        var places = graph.Constant(Tensor.Longs(indices).Reshape(new TensorShape(windows, (int)size)));
        var unfolded = x.Apply(new Gather(axis), places);
        int[] others = [.. Enumerable.Range(0, unfolded.Shape.Rank).Where(d => d != axis + 1), axis + 1];
        return [unfolded.Transpose(others).Value];
    }
}
