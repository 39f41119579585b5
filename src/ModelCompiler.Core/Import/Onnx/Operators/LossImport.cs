using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>Losses that models exported with their training head end in: x [N, C, …] against the right class of each [N, …].</summary>
internal static class LossImport
{
    public static ImmutableArray<Value> NegativeLogLikelihood(OnnxNode node, GraphBuilder graph) =>
        [Loss(node, graph, new Term(graph, node.Input(0)))];

    public static ImmutableArray<Value> SoftmaxCrossEntropy(OnnxNode node, GraphBuilder graph)
    {
        var logarithms = new Term(graph, node.Input(0)).Apply(new Softmax(1, Logarithm: true));
        return [Loss(node, graph, logarithms), logarithms.Value];
    }

    /// <summary>−weight of the class · x of the class; where the class is ignore_index, both are 0.</summary>
    private static Value Loss(OnnxNode node, GraphBuilder graph, Term x)
    {
        var classes = new Term(graph, node.Input(1));
        if (x.Shape.Rank < 2 || classes.Shape.Rank != x.Shape.Rank - 1)
        {
            throw new ShapeException($"classes {classes.Shape} do not fit {x.Shape}, which needs one dimension more");
        }

        Term? ignored = node.HasAttribute("ignore_index")
            ? classes.With(BinaryFunction.Equal, classes.Number(node.Int("ignore_index", 0)))
            : null;
        var existing = ignored?.Choose(classes.Number(0), classes) ?? classes;
        Term? weights = node.HasInput(2) ? new Term(graph, node.Input(2)).Apply(new Gather(0), existing.Value) : null;
        if (ignored is { } mask)
        {
            weights = mask.Choose(x.Number(0), weights ?? x.Number(1));
        }

        var picked = existing.Reshape([classes.Shape[0], 1, .. classes.Shape.Skip(1)]);
        var loss = -x.Apply(new GatherElements(1), picked.Value).Reshape(classes.Shape);
        loss = weights is { } factors ? loss * factors : loss;
        return node.Text("reduction", "mean") switch
        {
            "none" => loss.Value,
            "sum" => loss.ReduceAll(ReduceFunction.Sum).Value,
            "mean" when weights is { } factor => (loss.ReduceAll(ReduceFunction.Sum) / factor.ReduceAll(ReduceFunction.Sum)).Value,
            "mean" => loss.ReduceAll(ReduceFunction.Mean).Value,
            var other => throw node.Unsupported($"reduction '{other}' is not supported; supported: none, sum, mean"),
        };
    }
}
