using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Ml;

/// <summary>TreeEnsembleClassifier: labels [rows] and scores [rows, classes], where ONNX is vague as ONNX Runtime has it.</summary>
internal static class TreeClassifierImport
{
    public static ImmutableArray<Value> Classifier(OnnxNode node, GraphBuilder graph)
    {
        var labels = ClassLabels.Read(node, "classlabels_int64s");
        var x = TreeEnsembleImport.Rows(node, graph);
        var forest = TreeAttributes.Read(node, "class", labels.Length, x.Value.Element);
        var scores = x.Apply(new TreeEnsemble(TreeAggregation.Sum, labels.Length, forest));
        var bases = TreeAttributes.Reals(node, "base_values");
        var transform = PostTransforms.Of(node);
        var (label, result) =
            labels.Length > 2 ? Several(x, scores, forest, labels, bases, transform) : Two(scores, forest, labels, bases, transform);
        return [label.Value, result.Value];
    }

    /// <summary>The greatest score of those that some tree has given wins.</summary>
    private static (Term Label, Term Scores) Several(
        Term x,
        Term scores,
        Forest forest,
        long[] labels,
        double[] bases,
        PostTransform transform
    )
    {
        var competing = scores;
        if (bases.Length > 0)
        {
            competing = scores += TreeEnsembleImport.BaseValues(scores, bases, labels.Length);
        }
        else if (!GivesAllScores(forest, labels.Length))
        {
            var best = x.Apply(new TreeEnsemble(TreeAggregation.Max, labels.Length, forest));
            var none = scores.Number(double.NegativeInfinity);
            competing = best.With(BinaryFunction.Equal, none).Choose(none, scores);
        }

        var winner = competing.Apply(new ArgMax(1, KeepDims: false));
        return (ClassLabels.Pick(winner, labels), transform.Apply(scores.To(ElementType.Float32)));
    }

    /// <summary>Whether some tree gives every class a score whatever it is asked, or none of the weights is negative.</summary>
    private static bool GivesAllScores(Forest forest, int classes) =>
        forest.Weights.All(w => w.Weight >= 0)
        || Enumerable.Range(0, forest.Leaves).All(leaf => forest.LeafBegins[leaf + 1] - forest.LeafBegins[leaf] >= classes);

    /// <summary>Trees that know of one class only give one score, which stands for the second class and against the first.</summary>
    private static (Term Label, Term Scores) Two(Term scores, Forest forest, long[] labels, double[] bases, PostTransform transform)
    {
        if (bases.Length > labels.Length)
        {
            throw new ShapeException($"attribute 'base_values' has {bases.Length} entries for {labels.Length} classes");
        }

        var (hasFirst, hasSecond) = (forest.Weights.Any(w => w.Target == 0), forest.Weights.Any(w => w.Target == 1));
        var (first, second) = (scores.Slice(1, 0, 1), hasSecond ? scores.Slice(1, 1, 1) : (Term?)null);
        if (bases.Length == 2 && second is not null)
        {
            second = first + bases[1];
            first = -second.Value;
        }
        else if (bases.Length > 0)
        {
            first += bases[0];
        }

        var single = labels.Length == 2 && !(hasFirst && hasSecond);
        var allPositive = forest.Weights.All(w => w.Weight >= 0);
        var positive = second ?? first;
        var holds = positive.With(BinaryFunction.Greater, positive.Number(single && allPositive ? 0.5 : 0)).Reshape(scores.Shape[0]);
        var label = single ? ClassLabels.Choose(holds, labels[1], labels[0]) : ClassLabels.Choose(holds, 1, 0);

        // A class that no tree knows has the score 0, whatever its base value.
        first = hasFirst ? first : first * 0;
        second ??= bases.Length == 2 ? first * 0 : null;
        return (label, Written(first, second, labels.Length, allPositive, transform));
    }

    private static Term Written(Term first, Term? second, int classes, bool allPositive, PostTransform transform)
    {
        first = first.To(ElementType.Float32);
        if (second is { } other)
        {
            return transform.Apply(BinaryScores.Join(first, other.To(ElementType.Float32)));
        }

        if (classes == 1)
        {
            return transform == PostTransform.Probit ? transform.Apply(first) : first;
        }

        return BinaryScores.Pair(first, transform, complement: allPositive);
    }
}
