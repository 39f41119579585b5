using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>Operators that keep or make elements by their place alone.</summary>
internal static class MaskImport
{
    /// <summary>The triangle of each matrix on or above (upper) or below the k-th diagonal; 0 elsewhere.</summary>
    public static ImmutableArray<Value> Trilu(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        if (x.Shape.Rank < 2)
        {
            throw new ShapeException($"matrices were expected, found {x.Shape}");
        }

        var diagonal = node.OptionalConstantInteger(1, "the diagonal") ?? 0;
        var upper = node.Int("upper", 1) != 0;
        var (rows, columns) = (x.Shape[x.Shape.Rank - 2], x.Shape[x.Shape.Rank - 1]);
        var mask = Matrix(graph, rows, columns, (row, column) => upper ? column - row >= diagonal : column - row <= diagonal);
        var zero = x.Value.Element == ElementType.Bool ? x.Number(0).To(ElementType.Bool) : x.Number(0);
        return [mask.Choose(x, zero).Value];
    }

    public static ImmutableArray<Value> EyeLike(OnnxNode node, GraphBuilder graph)
    {
        var like = node.Input(0);
        if (like.Shape.Rank != 2)
        {
            throw new ShapeException($"a matrix was expected, found {like.Shape}");
        }

        if (like.RunTimeSize is not null)
        {
            throw node.Unsupported("a matrix whose size depends on the data is not supported");
        }

        var diagonal = node.Int("k", 0);
        var element = (ElementType)node.Int("dtype", (long)like.Element);
        return [Matrix(graph, like.Shape[0], like.Shape[1], (row, column) => column - row == diagonal).To(element).Value];
    }

    /// <summary>1 where the first greatest element stands, 0 elsewhere. Before opset 13 all dimensions from the axis on count as one.</summary>
    public static ImmutableArray<Value> Hardmax(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        var shape = x.Shape;
        var axis = shape.NormaliseAxis(node.Int("axis", node.Opset >= 13 ? -1 : 1));
        if (node.Opset < 13)
        {
            (x, axis) = (x.Reshape(shape.Product(0, axis), shape.Product(axis, shape.Rank)), 1);
        }

        var values = Tensor.Longs(0, 1);
        var ends = new Term(graph, graph.Constant(values)).To(x.Value.Element);
        var hot = x.Apply(new ArgMax(axis, KeepDims: false)).Apply(new OneHot(axis, x.Shape[axis]), ends.Value);
        return [hot.Reshape(shape).Value];
    }

    private static Term Matrix(GraphBuilder graph, int rows, int columns, Func<int, int, bool> holds)
    {
        var shape = new TensorShape(rows, columns);
        graph.Reserve(new TensorType(ElementType.Bool, shape));
        var bytes = new byte[shape.Elements];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = holds(i / columns, i % columns) ? (byte)1 : (byte)0;
        }

        return new(graph, graph.Constant(Tensor.FromBytes(new TensorType(ElementType.Bool, shape), bytes)));
    }
}
