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
            throw node.Unsupported("training_mode=1 is not supported; export the model for inference; supported: 0");
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
}
