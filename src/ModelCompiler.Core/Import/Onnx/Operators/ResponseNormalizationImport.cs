using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>Normalisations by norms and moments, and pools by norms, composed of reductions and averages.</summary>
internal static class ResponseNormalizationImport
{
    // The smallest normal float: what divides a norm of 0, so that zeros stay zeros.
    private const double LeastNorm = 1.17549435e-38;

    /// <summary>x / ‖x‖ₚ along one dimension.</summary>
    public static ImmutableArray<Value> LpNormalization(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        var axis = x.Shape.NormaliseAxis(node.Int("axis", -1));
        var norm = node.Int("p", 2) switch
        {
            1 => x.Of(UnaryFunction.Abs).Reduce(ReduceFunction.Sum, axis),
            2 => (x * x).Reduce(ReduceFunction.Sum, axis).Of(UnaryFunction.Sqrt),
            var p => throw node.Unsupported($"the norm of p = {p} is not supported; supported: 1, 2"),
        };
        return [(x / norm.With(BinaryFunction.Max, norm.Number(LeastNorm))).Value];
    }

    /// <summary>(x − mean) / standard deviation over some dimensions.</summary>
    public static ImmutableArray<Value> MeanVariance(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        int[] axes = [.. (node.Ints("axes") ?? [0, 2, 3]).Select(x.Shape.NormaliseAxis).OrderBy(axis => axis)];
        var centred = x - x.Reduce(ReduceFunction.Mean, axes);
        var deviation = (centred * centred).Reduce(ReduceFunction.Mean, axes).Of(UnaryFunction.Sqrt);
        return [(centred / (deviation + 1e-9)).Value];
    }

    /// <summary>x / (bias + alpha · mean of the squares of neighbouring channels)^beta.</summary>
    public static ImmutableArray<Value> LocalResponse(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        var size = node.RequiredInt("size");
        if (x.Shape.Rank < 2 || size is < 1 or > TensorShape.MaxElements)
        {
            throw new ShapeException($"a size of at least 1 and channels were expected, found size {size} and {x.Shape}");
        }

        int[] ones = [1, 1];
        var before = (int)(size - 1) / 2;
        var window = new Window((int[])[(int)size, 1], ones, ones, (int[])[before, 0], (int[])[(int)size - 1 - before, 0]);
        var pool = new AveragePool(window, CountIncludePad: true, new int[2], DataLayout.ChannelsFirst);
        var (batch, channels) = (x.Shape[0], x.Shape[1]);
        var mean = (x * x).Reshape(batch, 1, channels, x.Shape.Product(2, x.Shape.Rank)).Apply(pool).Reshape(x.Shape);
        var scale = (mean * node.Float("alpha", 1e-4f)) + node.Float("bias", 1);
        return [(x / scale.With(BinaryFunction.Pow, scale.Number(node.Float("beta", 0.75f)))).Value];
    }

    /// <summary>(Σ|x|^p)^(1/p) of each window.</summary>
    public static ImmutableArray<Value> LpPool(OnnxNode node, GraphBuilder graph)
    {
        var x = node.Input(0);
        var window = WindowImport.OfPool(node, x.Shape);
        var pool = new AveragePool(window, CountIncludePad: true, new int[window.Rank], DataLayout.ChannelsFirst);
        return [Root(node, Powers(node, graph).Apply(pool) * window.Taps)];
    }

    /// <summary>The same over all spatial positions.</summary>
    public static ImmutableArray<Value> GlobalLpPool(OnnxNode node, GraphBuilder graph) =>
        [Root(node, Powers(node, graph).Reduce(ReduceFunction.Sum, [.. Enumerable.Range(2, Math.Max(node.Input(0).Shape.Rank - 2, 0))]))];

    private static Term Powers(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        return node.Int("p", 2) switch
        {
            1 => x.Of(UnaryFunction.Abs),
            2 => x * x,
            var p => x.Of(UnaryFunction.Abs).With(BinaryFunction.Pow, x.Number(p)),
        };
    }

    private static Value Root(OnnxNode node, Term sum) =>
        node.Int("p", 2) switch
        {
            1 => sum.Value,
            2 => sum.Of(UnaryFunction.Sqrt).Value,
            var p => sum.With(BinaryFunction.Pow, sum.Number(1.0 / p)).Value,
        };
}
