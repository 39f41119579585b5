using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Verification;

/// <summary>The last quantised tensor on the way to a graph output.</summary>
/// <param name="Output">Name of the graph output.</param>
/// <param name="Tensor">Name of the quantised tensor that the output is computed from; the output itself where that is quantised.</param>
/// <param name="Scale">What one quantum is worth in the output, at most; 1 where the output itself is quantised.</param>
public sealed record QuantisedOutput(string Output, string Tensor, double Scale)
{
    private static readonly HashSet<string> QuantisedOperators =
    [
        "ConvInteger",
        "DynamicQuantizeLinear",
        "DynamicQuantizeMatMul",
        "MatMulInteger",
        "MatMulIntegerToFloat",
        "QGemm",
        "QuantizeLinear",
    ];

    // Through these a difference does not grow, so that one quantum before is at most one quantum's worth behind.
    private static readonly HashSet<string> Contractions =
    [
        "Clip",
        "Dropout",
        "Flatten",
        "Gather",
        "HardSigmoid",
        "Identity",
        "LeakyRelu",
        "MaxPool",
        "Relu",
        "Reshape",
        "Sigmoid",
        "Slice",
        "Softmax",
        "Squeeze",
        "Tanh",
        "Transpose",
        "Unsqueeze",
    ];

    /// <summary>Whether an operator computes with quantised values.</summary>
    public static bool IsQuantised(NodeProto node) =>
        QuantisedOperators.Contains(node.OpType) || node.OpType.StartsWith("QLinear", StringComparison.Ordinal);

    /// <summary>The outputs of a model that have a quantised tensor behind them, with it.</summary>
    public static IReadOnlyList<QuantisedOutput> Of(ModelProto model)
    {
        var producers = new Dictionary<string, NodeProto>(StringComparer.Ordinal);
        foreach (var node in model.Graph.Node)
        {
            foreach (var output in node.Output)
            {
                producers.TryAdd(output, node);
            }
        }

        return [.. model.Graph.Output.Select(o => Find(model, producers, o.Name)).OfType<QuantisedOutput>()];
    }

    private static QuantisedOutput? Find(ModelProto model, Dictionary<string, NodeProto> producers, string output)
    {
        var name = output;
        while (producers.TryGetValue(name, out var node))
        {
            if (node.OpType == "DequantizeLinear")
            {
                return producers.ContainsKey(node.Input[0]) && LargestScale(model, producers, node.Input[1]) is { } scale
                    ? new(output, node.Input[0], scale)
                    : null;
            }

            if (IsQuantised(node))
            {
                return name == output ? new(output, name, 1) : null;
            }

            if (!Contractions.Contains(node.OpType))
            {
                return null;
            }

            name = node.Input[0];
        }

        return null;
    }

    private static double? LargestScale(ModelProto model, Dictionary<string, NodeProto> producers, string name)
    {
        var proto =
            model.Graph.Initializer.FirstOrDefault(i => i.Name == name)
            ?? (producers.TryGetValue(name, out var node) && node.OpType == "Constant" ? node.Attribute.FirstOrDefault()?.T : null);
        if (proto is not { DataType: (int)ElementType.Float32 })
        {
            return null;
        }

        var scales = new OnnxTensorReader(new ModelSource("", [], _ => null)).Read(proto).ToFloats();
        return scales.Length > 0 ? scales.Max() : null;
    }
}
