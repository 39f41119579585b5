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
        var window = WindowImport.OfPool(node, x.Shape);
        var countIncludePad = node.Int("count_include_pad", 0) != 0;
        return [graph.Add(new QuantizedAveragePool(window, countIncludePad, DataLayout.ChannelsFirst, input, output), x)];
    }

    public static ImmutableArray<Value> GlobalAveragePool(OnnxNode node, GraphBuilder graph)
    {
        var (x, input, output) = Read(node);
        var (low, high) = ((int)output.Element.LowestValue(), (int)output.Element.HighestValue());
        return [graph.Add(new QuantizedGlobalAveragePool(DataLayout.ChannelsFirst, input, output, low, high), x)];
    }

    private static (Value X, Quantization Input, Quantization Output) Read(OnnxNode node)
    {
        var x = node.Input(0);
        var input = QuantizationImport.PerTensor(node, 1, 2, x.Element, "X");
        var output = QuantizationImport.OfOutput(node, 3, 4, x.Element);
        return input.Element == output.Element
            ? (x, input, output)
            : throw node.Unsupported($"X is {input.Element} and Y {output.Element}; supported: Int8 or UInt8 for both");
    }
}
