using System.Collections.Immutable;
using System.Runtime.InteropServices;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>Operators whose result is known as soon as shapes are: they become constants at once.</summary>
internal static class ShapeImport
{
    public static ImmutableArray<Value> Shape(OnnxNode node, GraphBuilder graph)
    {
        var shape = node.Input(0).Shape;
        var start = Clamp(node.Int("start", 0), shape.Rank);
        var end = Clamp(node.Int("end", shape.Rank), shape.Rank);
        if (node.Input(0).RunTimeSize is { } size && start <= size.Axis && size.Axis < end)
        {
            return [RunTimeShape(shape, size, start, end, graph)];
        }

        return [graph.Constant(Tensor.Longs([.. shape.Skip(start).Take(Math.Max(end - start, 0)).Select(s => (long)s)]))];
    }

    public static ImmutableArray<Value> Size(OnnxNode node, GraphBuilder graph) =>
        node.Input(0) is { RunTimeSize: { } size, Shape: var shape }
            ? [(new Term(graph, size.Count).To(ElementType.Int64) * (shape.Elements / shape[size.Axis])).Value]
            : [graph.Constant(Tensor.Longs(node.Input(0).Shape.Elements).Reshape(TensorShape.Scalar))];

    public static ImmutableArray<Value> Constant(OnnxNode node, GraphBuilder graph) => [graph.Constant(ConstantOf(node))];

    public static ImmutableArray<Value> ConstantOfShape(OnnxNode node, GraphBuilder graph)
    {
        var shape = ToShape(node.ConstantInput(0, "the shape"));
        var value = node.Tensor("value") ?? Tensor.Floats(new TensorShape(1), 0);
        return [graph.Add(new Expand(shape), graph.Constant(value.Reshape(TensorShape.Scalar)))];
    }

    public static ImmutableArray<Value> Range(OnnxNode node, GraphBuilder graph)
    {
        var (start, limit, delta) = (Number(0, "start"), Number(1, "limit"), Number(2, "delta"));
        if (limit.Element != start.Element || delta.Element != start.Element)
        {
            throw new ShapeException(
                $"start, limit and delta are {start.Type}, {limit.Type} and {delta.Type}; one element type was expected"
            );
        }

        return start.Element switch
        {
            ElementType.Float32 => [graph.Constant(Floats(graph, start.ToFloats()[0], limit.ToFloats()[0], delta.ToFloats()[0]))],
            ElementType.Float64 => [graph.Constant(Doubles(graph, start.As<double>()[0], limit.As<double>()[0], delta.As<double>()[0]))],
            ElementType.Int16 or ElementType.Int32 or ElementType.Int64 =>
            [
                graph.Constant(Integers(graph, start.Element, start.ToLongs()[0], limit.ToLongs()[0], delta.ToLongs()[0])),
            ],
            _ => throw node.Unsupported($"a range of {start.Element} is not supported; supported: Float32, Float64, Int16, Int32, Int64"),
        };

        Tensor Number(int input, string meaning) => OnnxNode.One(node.ConstantInput(input, meaning), meaning);
    }

    /// <summary>A shape given as a tensor of sizes.</summary>
    public static TensorShape ToShape(Tensor sizes) =>
        new(
            sizes.ToLongs().Select(s => s is >= 0 and <= int.MaxValue ? (int)s : throw new ShapeException($"a dimension has the size {s}"))
        );

    private static Value RunTimeShape(TensorShape shape, RunTimeSize size, int start, int end, GraphBuilder graph)
    {
        var count = new Term(graph, size.Count).To(ElementType.Int64).Reshape(1).Value;
        var sizes = Enumerable
            .Range(start, end - start)
            .Select(axis => axis == size.Axis ? count : graph.Constant(Tensor.Longs(shape[axis])));
        return graph.Add(new Concat(0), [.. sizes]);
    }

    private static int Clamp(long axis, int rank) => (int)Math.Min(Math.Max(axis < 0 ? axis + rank : axis, 0), rank);

    private static Tensor ConstantOf(OnnxNode node)
    {
        if (node.Tensor("value") is { } tensor)
        {
            return tensor;
        }

        if (node.HasAttribute("value_float"))
        {
            return Tensor.Floats(TensorShape.Scalar, node.Float("value_float", 0));
        }

        if (node.HasAttribute("value_int"))
        {
            return Tensor.Longs(node.Int("value_int", 0)).Reshape(TensorShape.Scalar);
        }

        if (node.Floats("value_floats") is { } floats && node.HasAttribute("value_floats"))
        {
            return Tensor.Floats(new TensorShape(floats.Length), floats);
        }

        return node.Ints("value_ints") is { } integers
            ? Tensor.Longs(integers)
            : throw node.Unsupported("only constants of numbers are supported: value, value_float, value_floats, value_int, value_ints");
    }

    private static Tensor Floats(GraphBuilder graph, float start, float limit, float delta)
    {
        var elements = new float[Count(graph, ((double)limit - start) / delta)];
        for (var i = 0; i < elements.Length; i++)
        {
            elements[i] = start + (i * delta);
        }

        return Tensor.Floats(new TensorShape(elements.Length), elements);
    }

    private static Tensor Doubles(GraphBuilder graph, double start, double limit, double delta)
    {
        var elements = new double[Count(graph, (limit - start) / delta)];
        for (var i = 0; i < elements.Length; i++)
        {
            elements[i] = start + (i * delta);
        }

        return Tensor.From<double>(ElementType.Float64, new TensorShape(elements.Length), elements);
    }

    private static Tensor Integers(GraphBuilder graph, ElementType element, long start, long limit, long delta)
    {
        var elements = new long[Count(graph, ((double)limit - start) / delta)];
        for (var i = 0; i < elements.Length; i++)
        {
            elements[i] = unchecked(start + (i * delta));
        }

        var shape = new TensorShape(elements.Length);
        return element switch
        {
            ElementType.Int16 => Tensor.From<short>(element, shape, elements.Select(e => unchecked((short)e)).ToArray()),
            ElementType.Int32 => Tensor.From<int>(element, shape, elements.Select(e => unchecked((int)e)).ToArray()),
            _ => Tensor.Longs(elements),
        };
    }

    private static int Count(GraphBuilder graph, double steps)
    {
        var count =
            double.IsNaN(steps) || steps > TensorShape.MaxElements
                ? throw new ShapeException($"the range has {steps} elements")
                : (int)Math.Max(Math.Ceiling(steps), 0);
        graph.Reserve(new TensorType(ElementType.Int64, new TensorShape(count)));
        return count;
    }
}
