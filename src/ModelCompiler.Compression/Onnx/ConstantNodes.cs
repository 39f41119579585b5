using ModelCompiler.Import.Onnx;

namespace ModelCompiler.Compression.Onnx;

/// <summary>Makes initialisers of Constant nodes, so that weights are found whichever way a file holds them.</summary>
internal static class ConstantNodes
{
    public static void Apply(OnnxModel model)
    {
        var kept = model.Graph.Node.ToList();
        foreach (var node in model.Graph.Node.Where(n => n.OpType == "Constant" && OnnxDomains.Normalise(n.Domain).Length == 0).ToList())
        {
            // Other forms of the attribute (value_float and the like) are scalars and lists, which no weight is.
            if (node.Attribute.FirstOrDefault(a => a.Name == "value")?.T is { } tensor && !model.IsOutput(node.Output[0]))
            {
                model.AddConstant(node.Output[0], tensor);
                kept.Remove(node);
            }
        }

        model.SetNodes(kept);
    }
}
