using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Ensembles;

/// <summary>Gives everything in a graph other names, in the graphs within it too.</summary>
internal static class GraphNames
{
    /// <summary>Renames.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="rename">New names of values; names that are left out stay so.</param>
    /// <param name="prefix">Goes in front of the names of nodes.</param>
    public static void Rename(GraphProto graph, Func<string, string> rename, string prefix)
    {
        foreach (var port in graph.Input.Concat(graph.Output).Concat(graph.ValueInfo))
        {
            port.Name = rename(port.Name);
        }

        foreach (var constant in graph.Initializer)
        {
            constant.Name = rename(constant.Name);
        }

        foreach (var node in graph.Node)
        {
            node.Name = node.Name.Length > 0 ? prefix + node.Name : "";
            for (var i = 0; i < node.Input.Count; i++)
            {
                node.Input[i] = node.Input[i].Length > 0 ? rename(node.Input[i]) : "";
            }

            for (var i = 0; i < node.Output.Count; i++)
            {
                node.Output[i] = node.Output[i].Length > 0 ? rename(node.Output[i]) : "";
            }

            foreach (var inner in node.Attribute.SelectMany(a => a.G is null ? a.Graphs : [a.G, .. a.Graphs]))
            {
                Rename(inner, rename, prefix);
            }
        }
    }
}
