using Google.Protobuf;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Onnx;

/// <summary>Makes initialisers of weights that nodes compute from constants, such as those read from a code book.</summary>
internal static class ComputedWeights
{
    public static void Fold(OnnxModel model)
    {
        var computed = model
            .Graph.Node.Where(n => n.OpType is "Conv" or "ConvTranspose" or "DequantizeLinear" or "Gemm" or "MatMul")
            .SelectMany(n => n.Input.Take(n.OpType == "DequantizeLinear" ? 1 : 2))
            .Distinct()
            .Where(v => !model.IsOutput(v) && IsComputed(model, v))
            .ToHashSet(StringComparer.Ordinal);
        if (computed.Count == 0)
        {
            return;
        }

        // A model of nothing else; what the compiler knows of its outputs are their elements.
        var alone = model.Proto.Clone();
        var nodes = model.Graph.Node.Where(n => n.Output.All(o => IsComputed(model, o))).ToList();
        alone.Graph.Node.Clear();
        alone.Graph.Node.AddRange(nodes);
        alone.Graph.Input.Clear();
        alone.Graph.Output.Clear();
        alone.Graph.Output.AddRange(computed.Select(v => new ValueInfoProto { Name = v }));
        var folded = OnnxImporter.Import(new ModelSource("weights", alone.ToByteArray(), _ => null), new CompileOptions()).Graph;
        foreach (var (name, tensor) in folded?.Outputs.Select(o => (o.Name, o.Value.Constant)) ?? [])
        {
            if (tensor is not null && model.Producer(name) is { Output.Count: 1 } producer)
            {
                model.SetNodes([.. model.Graph.Node.Where(n => n != producer)]);
                model.AddConstant(name, OnnxMessages.Initializer(name, tensor.Element, tensor.Shape, tensor.Bytes));
            }
        }

        RemoveUnread(model, nodes);
        model.RemoveUnusedConstants();
    }

    /// <summary>Whether a value is the result of nodes without any input but constants.</summary>
    private static bool IsComputed(OnnxModel model, string value) =>
        model.Producer(value) is { Input.Count: > 0 } producer
        && OnnxDomains.Normalise(producer.Domain).Length == 0
        && producer.OpType is "Cast" or "Gather" or "GatherElements" or "Identity" or "Reshape" or "Transpose" or "Squeeze" or "Unsqueeze"
        && producer.Input.All(i => model.Constant(i) is not null || IsComputed(model, i));

    private static void RemoveUnread(OnnxModel model, IReadOnlyList<NodeProto> nodes)
    {
        foreach (var node in nodes.Reverse())
        {
            if (node.Output.All(o => !model.IsOutput(o) && !model.Consumers(o).Any()))
            {
                model.SetNodes([.. model.Graph.Node.Where(n => n != node)]);
            }
        }
    }
}
