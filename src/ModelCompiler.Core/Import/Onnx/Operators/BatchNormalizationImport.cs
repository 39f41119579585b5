using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

internal static class BatchNormalizationImport
{
    public static ImmutableArray<Value> BatchNormalization(OnnxNode node, GraphBuilder graph)
    {
        // Before opset 9 spatial=0 kept a mean for every element, before opset 7 is_test said that it is inference.
        if (node.Int("spatial", 1) == 0)
        {
            throw node.Unsupported("spatial=0 (statistics for each element) is not supported; supported: 1");
        }

        if (node.Int("training_mode", 0) != 0)
        {
            return Training(node, graph);
        }

        if (Enumerable.Range(1, 4).Any(node.HasOutput))
        {
            throw node.Unsupported(
                "the statistics of a training are not supported before opset 14; export the model for inference",
                Refusal.Training
            );
        }

        return
        [
            graph.Add(
                new BatchNormalization(node.Float("epsilon", 1e-5f)),
                node.Input(0),
                node.Input(1),
                node.Input(2),
                node.Input(3),
                node.Input(4)
            ),
        ];
    }

    /// <summary>Normalises with the batch's own mean and variance, and gives out running ones (opset 14, 15).</summary>
    private static ImmutableArray<Value> Training(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        if (x.Shape.Rank < 2)
        {
            throw new ShapeException($"batches of channels were expected, found {x.Shape}");
        }

        int[] axes = [.. Enumerable.Range(0, x.Shape.Rank).Where(axis => axis != 1)];
        int[] channels = [x.Shape[1], .. Enumerable.Repeat(1, x.Shape.Rank - 2)];
        var mean = x.Reduce(ReduceFunction.Mean, axes);
        var centred = x - mean;
        var variance = (centred * centred).Reduce(ReduceFunction.Mean, axes);
        var normalised = centred / (variance + node.Float("epsilon", 1e-5f)).Of(UnaryFunction.Sqrt);
        return
        [
            (normalised * PerChannel(1) + PerChannel(2)).Value,
            Running(node.Input(3), mean).Value,
            Running(node.Input(4), variance).Value,
        ];

        Term PerChannel(int input) => new Term(graph, node.Input(input)).To(x.Value.Element).Reshape(channels);

        Term Running(Value before, Term now)
        {
            var momentum = node.Float("momentum", 0.9f);
            return (new Term(graph, before) * momentum) + (now.Reshape(x.Shape[1]).To(before.Element) * (1.0 - momentum));
        }
    }
}
