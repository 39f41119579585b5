using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Ml;

/// <summary>TreeEnsembleRegressor and TreeEnsemble.</summary>
internal static class TreeEnsembleImport
{
    /// <summary>How an ensemble's trees become one number; the numbers are those of TreeEnsemble's attribute.</summary>
    private enum Aggregate
    {
        Average = 0,
        Sum = 1,
        Min = 2,
        Max = 3,
    }

    public static ImmutableArray<Value> Regressor(OnnxNode node, GraphBuilder graph)
    {
        var x = Rows(node, graph);
        var targets = Targets(node);
        var aggregate = node.Text("aggregate_function", "SUM") switch
        {
            "AVERAGE" => Aggregate.Average,
            "SUM" => Aggregate.Sum,
            "MIN" => Aggregate.Min,
            "MAX" => Aggregate.Max,
            var other => throw node.Unsupported($"aggregate_function '{other}' is not supported; supported: AVERAGE, SUM, MIN, MAX"),
        };
        var forest = TreeAttributes.Read(node, "target", targets, x.Value.Element);
        var scores = Aggregated(x, forest, targets, aggregate);
        var bases = TreeAttributes.Reals(node, "base_values");
        if (bases.Length > 0)
        {
            scores += BaseValues(scores, bases, targets);
        }

        return [Transformed(node, scores.To(ElementType.Float32), targets).Value];
    }

    public static ImmutableArray<Value> Ensemble(OnnxNode node, GraphBuilder graph)
    {
        var x = Rows(node, graph);
        var targets = Targets(node);
        var aggregate = node.Int("aggregate_function", (long)Aggregate.Sum) is >= 0 and <= (long)Aggregate.Max and var number
            ? (Aggregate)number
            : throw node.Unsupported($"aggregate_function {node.Int("aggregate_function", 1)} is not supported; supported: 0 to 3");
        var forest = TreeAttributes.ReadLists(node, targets, x.Value.Element);
        return [Transformed(node, Aggregated(x, forest, targets, aggregate), targets).Value];
    }

    /// <summary>The input as rows of features; integers are compared as floats.</summary>
    public static Term Rows(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        x = x.Shape.Rank == 1 ? x.Reshape(1, x.Shape[0]) : x;
        return x.Value.Element == ElementType.Float64 ? x : x.To(ElementType.Float32);
    }

    /// <summary>Base values as one row.</summary>
    public static Term BaseValues(Term scores, double[] bases, int targets)
    {
        if (bases.Length != targets)
        {
            throw new ShapeException($"attribute 'base_values' has {bases.Length} entries for {targets} targets");
        }

        var row = Tensor.From<double>(ElementType.Float64, new TensorShape(1, targets), bases);
        return new Term(scores.Graph, scores.Graph.Constant(row)).To(scores.Value.Element);
    }

    private static Term Aggregated(Term x, Forest forest, int targets, Aggregate aggregate)
    {
        var aggregation = aggregate switch
        {
            Aggregate.Min => TreeAggregation.Min,
            Aggregate.Max => TreeAggregation.Max,
            _ => TreeAggregation.Sum,
        };
        var scores = x.Apply(new TreeEnsemble(aggregation, targets, forest));
        if (aggregation == TreeAggregation.Sum)
        {
            return aggregate == Aggregate.Average ? scores / forest.Depths.Count : scores;
        }

        // A target that no tree has a weight for is 0, not infinite.
        var none = scores.Number(aggregation == TreeAggregation.Min ? double.PositiveInfinity : double.NegativeInfinity);
        return scores.With(BinaryFunction.Equal, none).Choose(scores.Number(0), scores);
    }

    /// <summary>Of a single target, ONNX Runtime transforms by the inverse of the normal distribution only.</summary>
    private static Term Transformed(OnnxNode node, Term scores, int targets)
    {
        var transform = PostTransforms.Of(node);
        return targets > 1 || transform == PostTransform.Probit ? transform.Apply(scores) : scores;
    }

    private static int Targets(OnnxNode node) =>
        node.RequiredInt("n_targets") is > 0 and <= TensorShape.MaxElements and var targets
            ? (int)targets
            : throw new ShapeException($"n_targets is {node.RequiredInt("n_targets")}");
}
