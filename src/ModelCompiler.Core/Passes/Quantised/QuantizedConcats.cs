using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes.Quantised;

/// <summary>DequantizeLinear of each part → Concat → QuantizeLinear: each part is brought to the output's scale by a table.</summary>
internal static class QuantizedConcats
{
    public static bool Fuse(Graph graph, Node node, GraphEdit edit)
    {
        if (QuantizedPattern.End(graph, node) is not { Source: { Operator: Concat concat } source } end)
        {
            return false;
        }

        var parts = source.Inputs.Select(i => QuantizedPattern.Tensor(graph, i)).ToList();
        if (parts.Any(part => part is null))
        {
            return false;
        }

        var nodes = new List<Node>();
        var values = parts.Select(part => Converted(source, part!, end, nodes)).ToArray();
        nodes.Add(QuantizedConvolutions.Named(source, node, concat, values));
        return QuantizedPattern.Replace(node, edit, [.. nodes]);
    }

    private static Value Converted(Node source, QuantizedTensor part, QuantizedEnd end, List<Node> nodes)
    {
        var table = QuantizedTables.Requantizing(part.Quantization, end);
        if (part.Quantization.Element == end.Y.Element && QuantizedTables.IsIdentity(table))
        {
            return part.Integers;
        }

        nodes.Add(GraphEdit.NewNode(source, table, part.Integers));
        return nodes[nodes.Count - 1].Output;
    }
}
