using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

internal static class ReduceImport
{
    public static OnnxImport Of(ReduceFunction function) => (node, graph) => [Add(node, graph, function, node.Input(0))];

    /// <summary>Σ|x|.</summary>
    public static ImmutableArray<Value> L1(OnnxNode node, GraphBuilder graph) =>
        IsNoop(node) ? [node.Input(0)] : [Sum(node, graph, graph.Add(new Unary(UnaryFunction.Abs), node.Input(0)))];

    /// <summary>√Σx².</summary>
    public static ImmutableArray<Value> L2(OnnxNode node, GraphBuilder graph) =>
        IsNoop(node) ? [node.Input(0)] : [graph.Add(new Unary(UnaryFunction.Sqrt), SumOfSquares(node, graph))];

    /// <summary>Σx².</summary>
    public static ImmutableArray<Value> SumSquare(OnnxNode node, GraphBuilder graph) =>
        IsNoop(node) ? [node.Input(0)] : [SumOfSquares(node, graph)];

    /// <summary>log Σx.</summary>
    public static ImmutableArray<Value> LogSum(OnnxNode node, GraphBuilder graph) =>
        IsNoop(node) ? [node.Input(0)] : [graph.Add(new Unary(UnaryFunction.Log), Sum(node, graph, node.Input(0)))];

    /// <summary>log Σexp(x), shifted by the greatest x so that nothing overflows.</summary>
    public static ImmutableArray<Value> LogSumExp(OnnxNode node, GraphBuilder graph)
    {
        if (IsNoop(node))
        {
            return [node.Input(0)];
        }

        var x = node.Input(0);
        var axes = Axes(node, x.Shape);
        var greatest = graph.Add(new Reduce(ReduceFunction.Max, axes, KeepDims: true), x);
        var shifted = graph.Add(new Unary(UnaryFunction.Exp), graph.Add(new Binary(BinaryFunction.Sub), x, greatest));
        var sum = graph.Add(new Reduce(ReduceFunction.Sum, axes, KeepDims: true), shifted);
        var result = graph.Add(new Binary(BinaryFunction.Add), graph.Add(new Unary(UnaryFunction.Log), sum), greatest);
        return [KeepDims(node) ? result : graph.Add(new Reshape(ReduceRules.OutputShape(x.Shape, axes, keepDims: false)), result)];
    }

    public static ImmutableArray<Value> ArgMax(OnnxNode node, GraphBuilder graph) => [AddArgMax(node, graph, smallest: false)];

    public static ImmutableArray<Value> ArgMin(OnnxNode node, GraphBuilder graph) => [AddArgMax(node, graph, smallest: true)];

    private static Value AddArgMax(OnnxNode node, GraphBuilder graph, bool smallest)
    {
        var x = node.Input(0);
        var axis = x.Shape.NormaliseAxis(node.Int("axis", 0));
        return graph.Add(new ArgMax(axis, KeepDims(node), smallest, node.Int("select_last_index", 0) != 0), x);
    }

    private static Value SumOfSquares(OnnxNode node, GraphBuilder graph) =>
        Sum(node, graph, graph.Add(new Binary(BinaryFunction.Mul), node.Input(0), node.Input(0)));

    private static Value Sum(OnnxNode node, GraphBuilder graph, Value x) => Add(node, graph, ReduceFunction.Sum, x);

    private static Value Add(OnnxNode node, GraphBuilder graph, ReduceFunction function, Value x)
    {
        if (IsNoop(node))
        {
            return x;
        }

        var reduce = new Reduce(function, Axes(node, x.Shape), KeepDims(node));
        if (x.Element != ElementType.Bool)
        {
            return graph.Add(reduce, x);
        }

        // Max of bools is "any", min is "all": the same on 0 and 1.
        var reduced = graph.Add(reduce, graph.Add(new Cast(ElementType.UInt8), x));
        return graph.Add(new Cast(ElementType.Bool), reduced);
    }

    private static bool KeepDims(OnnxNode node) => node.Int("keepdims", 1) != 0;

    /// <summary>Axes are an attribute at first and an input later (opset 13 for sums, 18 for the others).</summary>
    private static long[] GivenAxes(OnnxNode node) => node.OptionalConstantInput(1, "axes")?.ToLongs() ?? node.Ints("axes") ?? [];

    private static bool IsNoop(OnnxNode node) => node.Int("noop_with_empty_axes", 0) != 0 && GivenAxes(node).Length == 0;

    private static int[] Axes(OnnxNode node, TensorShape shape)
    {
        var given = GivenAxes(node);
        return given.Length == 0
            ? [.. Enumerable.Range(0, shape.Rank)]
            : [.. given.Select(shape.NormaliseAxis).Distinct().OrderBy(axis => axis)];
    }
}
