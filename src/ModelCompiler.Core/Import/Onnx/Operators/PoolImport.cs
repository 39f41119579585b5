using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

internal static class PoolImport
{
    public static ImmutableArray<Value> MaxPool(OnnxNode node, GraphBuilder graph)
    {
        var x = node.Input(0);
        var window = WindowImport.OfPool(node, x.Shape);
        var pooled = graph.Add(new MaxPool(window, DataLayout.ChannelsFirst), x);
        return node.HasOutput(1) ? [pooled, MaxPoolIndices.Add(node, graph, window, pooled.Shape)] : [pooled];
    }

    public static ImmutableArray<Value> AveragePool(OnnxNode node, GraphBuilder graph)
    {
        var x = node.Input(0);
        var window = WindowImport.OfPool(node, x.Shape);
        var ceil = WindowImport.CeilPads(node, WindowImport.OfPoolRoundedDown(node, x.Shape), x.Shape);
        var countIncludePad = node.Int("count_include_pad", 0) != 0;
        return [graph.Add(new AveragePool(window, countIncludePad, ceil, DataLayout.ChannelsFirst), x)];
    }

    public static ImmutableArray<Value> GlobalAveragePool(OnnxNode node, GraphBuilder graph) =>
        [graph.Add(new GlobalAveragePool(DataLayout.ChannelsFirst), node.Input(0))];

    public static ImmutableArray<Value> GlobalMaxPool(OnnxNode node, GraphBuilder graph) =>
        [graph.Add(new GlobalMaxPool(DataLayout.ChannelsFirst), node.Input(0))];
}
