using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Ml;

/// <summary>SVMRegressor and SVMClassifier, where ONNX is vague as ONNX Runtime has it.</summary>
internal static class SvmImport
{
    /// <summary>Every pair of classes has a score of its own: their number grows with the square.</summary>
    private const int MaxClasses = 128;

    public static ImmutableArray<Value> Regressor(OnnxNode node, GraphBuilder graph)
    {
        var x = MlConstants.Rows(node, graph);
        var vectors = Count(node.Int("n_supports", 0), "n_supports");
        var rho = Rho(node, 1);
        Term sum;
        if (vectors > 0)
        {
            var weights = MlConstants.Floats(graph, MlConstants.Required(node, "coefficients", vectors), vectors, 1);
            sum = SvmKernels.Apply(node, x, SupportVectors(node, x, vectors)).Apply(MatMul.Plain, weights.Value) + rho[0];
        }
        else
        {
            var weights = MlConstants.Floats(graph, MlConstants.Required(node, "coefficients", x.Shape[1]), x.Shape[1], 1);
            sum = x.Apply(MatMul.Plain, weights.Value) + rho[0];
        }

        if (node.Int("one_class", 0) != 0)
        {
            return [sum.With(BinaryFunction.Greater, sum.Number(0)).Choose(sum.Number(1), sum.Number(-1)).Value];
        }

        var transform = PostTransforms.Of(node);
        return [(transform == PostTransform.Probit ? transform.Apply(sum) : sum).Value];
    }

    public static ImmutableArray<Value> Classifier(OnnxNode node, GraphBuilder graph)
    {
        var labels = ClassLabels.Read(node, "classlabels_ints");
        var x = MlConstants.Rows(node, graph);
        int[] vectors = [.. (node.Ints("vectors_per_class") ?? []).Select(v => Count(v, "vectors_per_class"))];
        if (vectors.Sum(v => (long)v) is 0)
        {
            return Linear(node, x, labels);
        }

        if (vectors.Length != labels.Length || labels.Length < 2)
        {
            throw new ShapeException($"there are vectors of {vectors.Length} classes and {labels.Length} class labels");
        }

        if (labels.Length > MaxClasses)
        {
            throw node.Unsupported($"{labels.Length} classes are not supported; supported: up to {MaxClasses}");
        }

        var total = Count(vectors.Sum(v => (long)v), "vectors_per_class");
        var pairs = PairsOf(labels.Length).ToArray();
        var kernels = SvmKernels.Apply(node, x, SupportVectors(node, x, total));
        var scores = kernels.Apply(MatMul.Plain, PairWeights(node, graph, vectors, total, pairs).Value);
        scores += MlConstants.Floats(graph, Rho(node, pairs.Length), pairs.Length);
        var label = ClassLabels.Pick(Votes(scores, pairs, labels.Length).Apply(new ArgMax(1, KeepDims: false)), labels);
        var transform = PostTransforms.Of(node);
        var result =
            node.HasAttribute("prob_a") ? transform.Apply(Probabilities(node, scores, pairs.Length, labels.Length))
            : labels.Length == 2 ? BinaryScores.Pair(scores, transform, complement: transform != PostTransform.None)
            : transform.Apply(scores);
        return [label.Value, result.Value];
    }

    /// <summary>One score a class, without support vectors.</summary>
    private static ImmutableArray<Value> Linear(OnnxNode node, Term x, long[] labels)
    {
        var features = x.Shape[1];
        var numbers = MlConstants.Required(node, "coefficients", (long)labels.Length * features);
        var weights = MlConstants.Floats(x.Graph, numbers, labels.Length, features);
        var scores = x.Apply(new MatMul(false, true, 1, Clamp.None), weights.Value) + Rho(node, 1)[0];
        var winner = scores.Apply(new ArgMax(1, KeepDims: false));
        if (labels.Length == 2)
        {
            // The second class wins whenever the greater score is high enough.
            var greatest = scores.Reduce(ReduceFunction.Max, 1).Reshape(x.Shape[0]);
            var wins = numbers.All(n => n >= 0)
                ? greatest.With(BinaryFunction.GreaterOrEqual, greatest.Number(0.5))
                : greatest.With(BinaryFunction.Greater, greatest.Number(0));
            winner = wins.Choose(winner.Number(1), winner);
        }

        return [ClassLabels.Pick(winner, labels).Value, PostTransforms.Of(node).Apply(scores).Value];
    }

    /// <summary>The pairs of classes in the order of their scores.</summary>
    private static IEnumerable<(int First, int Second)> PairsOf(int classes) =>
        Enumerable.Range(0, classes).SelectMany(i => Enumerable.Range(i + 1, classes - i - 1).Select(j => (i, j)));

    /// <summary>The weight of each support vector in the score of each pair, 0 for vectors of other classes.</summary>
    private static Term PairWeights(OnnxNode node, GraphBuilder graph, int[] vectors, int total, (int First, int Second)[] pairs)
    {
        var coefficients = MlConstants.Required(node, "coefficients", (vectors.Length - 1L) * total);
        int[] begins = [.. vectors.Select((_, i) => vectors.Take(i).Sum())];
        var shape = new TensorShape(total, pairs.Length);
        var weights = new float[shape.Elements];
        for (var p = 0; p < pairs.Length; p++)
        {
            var (first, second) = pairs[p];
            Fill(p, first, second - 1);
            Fill(p, second, first);
        }

        return MlConstants.Floats(graph, weights, total, pairs.Length);

        void Fill(int pair, int owner, int row)
        {
            for (var v = begins[owner]; v < begins[owner] + vectors[owner]; v++)
            {
                weights[(v * pairs.Length) + pair] = coefficients[(row * total) + v];
            }
        }
    }

    /// <summary>How many pairs each class wins.</summary>
    private static Term Votes(Term scores, (int First, int Second)[] pairs, int classes)
    {
        var (firsts, seconds) = (new float[pairs.Length * classes], new float[classes]);
        for (var p = 0; p < pairs.Length; p++)
        {
            firsts[(p * classes) + pairs[p].First] = 1;
            firsts[(p * classes) + pairs[p].Second] = -1;
            seconds[pairs[p].Second]++;
        }

        var wins = scores.With(BinaryFunction.Greater, scores.Number(0)).To(ElementType.Float32);
        var lost = MlConstants.Floats(scores.Graph, seconds, classes);
        return wins.Apply(MatMul.Plain, MlConstants.Floats(scores.Graph, firsts, pairs.Length, classes).Value) + lost;
    }

    /// <summary>Platt's sigmoid of each pair's score, coupled to one probability a class.</summary>
    private static Term Probabilities(OnnxNode node, Term scores, int pairs, int classes)
    {
        const double Least = 1e-7;
        var a = MlConstants.Floats(scores.Graph, MlConstants.Required(node, "prob_a", pairs), pairs);
        var b = MlConstants.Floats(scores.Graph, MlConstants.Required(node, "prob_b", pairs), pairs);
        var first = -((scores * a) + b).Of(UnaryFunction.Sigmoid) + 1;
        var bounded = first.With(BinaryFunction.Max, first.Number(Least)).With(BinaryFunction.Min, first.Number(1 - Least));
        return bounded.Apply(new PairwiseCoupling(classes));
    }

    private static Term SupportVectors(OnnxNode node, Term x, int vectors) =>
        MlConstants.Floats(x.Graph, MlConstants.Required(node, "support_vectors", (long)vectors * x.Shape[1]), vectors, x.Shape[1]);

    private static float[] Rho(OnnxNode node, int least) =>
        node.Floats("rho") is { } rho && rho.Length >= least
            ? [.. rho.Take(least)]
            : throw new ShapeException($"attribute 'rho' has {node.Floats("rho")?.Length ?? 0} entries; {least} were expected");

    private static int Count(long count, string attribute) =>
        count is >= 0 and <= TensorShape.MaxElements ? (int)count : throw new ShapeException($"{attribute} is {count}");
}
