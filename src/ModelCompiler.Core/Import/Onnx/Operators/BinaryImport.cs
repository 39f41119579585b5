using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

internal static class BinaryImport
{
    public static OnnxImport Of(BinaryFunction function) =>
        (node, graph) =>
        {
            return [graph.Add(new Binary(function), node.Input(0), Second(node, graph))];
        };

    /// <summary>Min, Max and Sum take any number of inputs.</summary>
    public static OnnxImport Variadic(BinaryFunction function) => (node, graph) => [Chain(node, graph, function)];

    public static ImmutableArray<Value> Mean(OnnxNode node, GraphBuilder graph)
    {
        var sum = Chain(node, graph, BinaryFunction.Add);
        var count = graph.Add(new Cast(sum.Element), graph.Constant(Tensor.Floats(TensorShape.Scalar, node.Inputs.Length)));
        return [graph.Add(new Binary(BinaryFunction.Div), sum, count)];
    }

    public static ImmutableArray<Value> Mod(OnnxNode node, GraphBuilder graph)
    {
        var truncated = node.Int("fmod", 0) != 0;
        if (!truncated && ElementwiseRules.Floats.Contains(node.Input(0).Element))
        {
            throw node.Unsupported($"fmod=0 for {node.Input(0).Element} elements is not supported; supported: fmod=1");
        }

        return [graph.Add(new Binary(truncated ? BinaryFunction.Remainder : BinaryFunction.FloorMod), node.Input(0), node.Input(1))];
    }

    /// <summary>Before opset 7 a slope of one dimension lies along the channels.</summary>
    public static ImmutableArray<Value> PRelu(OnnxNode node, GraphBuilder graph)
    {
        var (x, slope) = (node.Input(0), node.Input(1));
        if (node.Opset < 7 && slope.Shape.Rank == 1 && slope.Shape.Elements > 1 && x.Shape.Rank > 2)
        {
            var ones = Enumerable.Repeat(1, x.Shape.Rank - 2);
            slope = graph.Add(new Reshape(new TensorShape(slope.Shape.Concat(ones))), slope);
        }

        return [graph.Add(new Binary(BinaryFunction.PRelu), x, slope)];
    }

    /// <summary>The exponent may have a type of its own; the result has that of the base.</summary>
    public static ImmutableArray<Value> Pow(OnnxNode node, GraphBuilder graph)
    {
        var (x, y, pow) = (node.Input(0), Second(node, graph), new Binary(BinaryFunction.Pow));
        if (x.Element == y.Element)
        {
            return [graph.Add(pow, x, y)];
        }

        if (x.Element == ElementType.Float32 && y.Constant is not null)
        {
            return [graph.Add(pow, x, graph.Add(new Cast(ElementType.Float32), y))];
        }

        var wide = new Cast(ElementType.Float64);
        return [graph.Add(new Cast(x.Element), graph.Add(pow, graph.Add(wide, x), graph.Add(wide, y)))];
    }

    public static ImmutableArray<Value> BitShift(OnnxNode node, GraphBuilder graph) =>
        node.Text("direction", "") switch
        {
            "LEFT" => [graph.Add(new Binary(BinaryFunction.BitShiftLeft), node.Input(0), node.Input(1))],
            "RIGHT" => [graph.Add(new Binary(BinaryFunction.BitShiftRight), node.Input(0), node.Input(1))],
            var other => throw node.Unsupported($"direction '{other}' is not supported; supported: LEFT, RIGHT"),
        };

    public static ImmutableArray<Value> Where(OnnxNode node, GraphBuilder graph) =>
        [graph.Add(new Where(), node.Input(0), node.Input(1), node.Input(2))];

    private static Value Chain(OnnxNode node, GraphBuilder graph, BinaryFunction function)
    {
        var result = node.Input(0);
        for (var i = 1; i < node.Inputs.Length; i++)
        {
            result = graph.Add(new Binary(function), result, node.Input(i));
        }

        return result;
    }

    /// <summary>Before opset 7 an attribute says that the dimensions of b begin at one of a, the last ones where none is named.</summary>
    private static Value Second(OnnxNode node, GraphBuilder graph)
    {
        var (a, b) = (node.Input(0).Shape, node.Input(1));
        if (node.Opset >= 7 || node.Int("broadcast", 0) == 0 || !node.HasAttribute("axis"))
        {
            return b;
        }

        var behind = a.Rank - a.NormaliseAxis(node.Int("axis", 0)) - b.Shape.Rank;
        return behind >= 0
            ? graph.Add(new Reshape(new TensorShape(b.Shape.Concat(Enumerable.Repeat(1, behind)))), b)
            : throw new ShapeException($"{b.Shape} does not fit into {a} from dimension {node.Int("axis", 0)} on");
    }
}
