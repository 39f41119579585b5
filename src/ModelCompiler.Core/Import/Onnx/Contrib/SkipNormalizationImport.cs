using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Contrib;

/// <summary>Normalisations of sums: SkipLayerNormalization, SkipSimplifiedLayerNormalization, and SimplifiedLayerNormalization.</summary>
internal static class SkipNormalizationImport
{
    /// <summary>ε where the attribute is left out.</summary>
    public const float Epsilon = 1e-12f;

    /// <summary>Inputs: x, skip, gamma, optional beta, optional bias. Outputs: normalised sum, mean, inverse deviation, sum.</summary>
    public static ImmutableArray<Value> Layer(OnnxNode node, GraphBuilder graph) =>
        Normalised(node, graph, subtractMean: true, node.OptionalInput(3), node.OptionalInput(4));

    /// <summary>The same without mean and beta.</summary>
    public static ImmutableArray<Value> Simplified(OnnxNode node, GraphBuilder graph) =>
        Normalised(node, graph, subtractMean: false, null, node.OptionalInput(3));

    /// <summary>x divided by its root mean square, times a scale. Outputs: that, and the factor.</summary>
    public static ImmutableArray<Value> RootMeanSquare(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        var axis = x.Shape.NormaliseAxis(node.Int("axis", -1));
        var epsilon = node.Float("epsilon", 1e-5f);
        var y = x.Apply(new LayerNormalization(axis, epsilon, SubtractMean: false), node.Input(1));
        return node.HasOutput(1) ? [y.Value, InverseDeviation(x, axis, epsilon).Value] : [y.Value];
    }

    private static ImmutableArray<Value> Normalised(OnnxNode node, GraphBuilder graph, bool subtractMean, Value? beta, Value? bias)
    {
        var sum = new Term(graph, node.Input(0)) + new Term(graph, node.Input(1));
        sum = bias is null ? sum : sum + new Term(graph, bias);
        var axis = sum.Shape.NormaliseAxis(-1);
        var epsilon = node.Float("epsilon", Epsilon);
        var op = new LayerNormalization(axis, epsilon, subtractMean);
        var y = beta is null ? sum.Apply(op, node.Input(2)) : sum.Apply(op, node.Input(2), beta);
        if (!node.HasOutput(1) && !node.HasOutput(2))
        {
            return [y.Value, sum.Value, sum.Value, sum.Value];
        }

        var mean = sum.Reduce(ReduceFunction.Mean, axis);
        return [y.Value, mean.Value, InverseDeviation(subtractMean ? sum - mean : sum, axis, epsilon).Value, sum.Value];
    }

    private static Term InverseDeviation(Term centred, int axis, float epsilon)
    {
        int[] axes = [.. Enumerable.Range(axis, centred.Shape.Rank - axis)];
        return ((centred * centred).Reduce(ReduceFunction.Mean, axes) + epsilon).Of(UnaryFunction.Sqrt).Of(UnaryFunction.Reciprocal);
    }
}
