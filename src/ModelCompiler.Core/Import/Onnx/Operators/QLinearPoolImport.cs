using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>The quantised pools of com.microsoft.</summary>
internal static class QLinearPoolImport
{
    public static ImmutableArray<Value> AveragePool(OnnxNode node, GraphBuilder graph)
    {
        var (x, input, output) = Read(node);
        return ChannelsFirst(
            node,
            graph,
            x,
            planar => new QuantizedAveragePool(
                WindowImport.OfPool(node, planar.Shape),
                node.Int("count_include_pad", 0) != 0,
                DataLayout.ChannelsFirst,
                input,
                output
            )
        );
    }

    public static ImmutableArray<Value> GlobalAveragePool(OnnxNode node, GraphBuilder graph)
    {
        var (x, input, output) = Read(node);
        var (low, high) = ((int)output.Element.LowestValue(), (int)output.Element.HighestValue());
        return ChannelsFirst(node, graph, x, _ => new QuantizedGlobalAveragePool(DataLayout.ChannelsFirst, input, output, low, high));
    }

    private static (Value X, Quantization Input, Quantization Output) Read(OnnxNode node)
    {
        var x = node.Input(0);
        var input = QuantizationImport.PerTensor(node, 1, 2, x.Element, "X");
        var output = QuantizationImport.OfOutput(node, 3, 4, x.Element);
        return input.Element == output.Element && input.Element.SizeInBytes() == 1
            ? (x, input, output)
            : throw node.Unsupported($"X is {input.Element} and Y {output.Element}; supported: Int8 or UInt8 for both");
    }

    /// <summary>With the attribute channels_last the operator is put between two transpositions, which later passes remove.</summary>
    private static ImmutableArray<Value> ChannelsFirst(OnnxNode node, GraphBuilder graph, Value x, Func<Value, Operator> pool)
    {
        if (node.Int("channels_last", 0) == 0)
        {
            return [graph.Add(pool(x), x)];
        }

        var rank = x.Shape.Rank;
        if (rank < 3)
        {
            throw new ShapeException($"an input of rank 3 or more was expected, found {x.Type}");
        }

        var planar = graph.Add(new Transpose((int[])[0, rank - 1, .. Enumerable.Range(1, rank - 2)]), x);
        return [graph.Add(new Transpose((int[])[0, .. Enumerable.Range(2, rank - 2), 1]), graph.Add(pool(planar), planar))];
    }
}
