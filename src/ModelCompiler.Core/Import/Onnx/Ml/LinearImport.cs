using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Ml;

/// <summary>LinearRegressor and LinearClassifier.</summary>
internal static class LinearImport
{
    public static ImmutableArray<Value> Regressor(OnnxNode node, GraphBuilder graph)
    {
        var targets = node.Int("targets", 1) is > 0 and <= TensorShape.MaxElements and var given
            ? (int)given
            : throw new ShapeException($"targets is {node.Int("targets", 1)}");
        var scores = Scores(node, graph, targets);
        var transform = PostTransforms.Of(node);
        return [(targets > 1 || transform == PostTransform.Probit ? transform.Apply(scores) : scores).Value];
    }

    public static ImmutableArray<Value> Classifier(OnnxNode node, GraphBuilder graph)
    {
        var classes = node.Floats("intercepts")?.Length ?? 0;
        if (classes == 0)
        {
            throw new ShapeException("attribute 'intercepts' is missing, whose length is the number of scores");
        }

        var labels = ClassLabels.Read(node, "classlabels_ints");
        var scores = Scores(node, graph, classes);
        var transform = PostTransforms.Of(node);
        if (classes == 1)
        {
            var positive = scores.With(BinaryFunction.Greater, scores.Number(0)).Reshape(scores.Shape[0]);
            return labels.Length == 2
                ? [ClassLabels.Choose(positive, labels[1], labels[0]).Value, BinaryScores.Pair(scores, transform, complement: true).Value]
                : [ClassLabels.Choose(positive, 1, 0).Value, (transform == PostTransform.Probit ? transform.Apply(scores) : scores).Value];
        }

        if (labels.Length != classes)
        {
            throw new ShapeException($"there are {labels.Length} class labels for {classes} scores");
        }

        return [ClassLabels.Pick(scores.Apply(new ArgMax(1, KeepDims: false)), labels).Value, transform.Apply(scores).Value];
    }

    /// <summary>x · coefficientsᵀ + intercepts.</summary>
    private static Term Scores(OnnxNode node, GraphBuilder graph, int targets)
    {
        var x = MlConstants.Rows(node, graph);
        var features = x.Shape[1];
        var weights = MlConstants.Floats(graph, MlConstants.Required(node, "coefficients", (long)targets * features), targets, features);
        var product = new MatMul(false, true, 1, Clamp.None);
        return node.HasAttribute("intercepts")
            ? x.Apply(product, weights.Value, MlConstants.Floats(graph, MlConstants.Required(node, "intercepts", targets), targets).Value)
            : x.Apply(product, weights.Value);
    }
}
