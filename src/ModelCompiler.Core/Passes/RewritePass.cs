using ModelCompiler.Graphs;

namespace ModelCompiler.Passes;

/// <summary>Turns a graph into one that computes the same.</summary>
internal interface IPass
{
    Graph Run(Graph graph);
}

/// <summary>A pass that looks at one node at a time and is repeated until nothing changes.</summary>
internal abstract class RewritePass : IPass
{
    public Graph Run(Graph graph)
    {
        while (true)
        {
            var edit = new GraphEdit(graph);
            foreach (var node in graph.Nodes)
            {
                if (!edit.IsTouched(node))
                {
                    TryRewrite(graph, node, edit);
                }
            }

            if (!edit.HasChanges)
            {
                return graph;
            }

            graph = edit.Apply();
        }
    }

    /// <summary>
    /// Records a change for the pattern that ends in <paramref name="node"/>, if there is one. Every node of the pattern must be
    /// untouched (<see cref="GraphEdit.IsTouched"/>) and must be replaced or removed by the edit.
    /// </summary>
    protected abstract bool TryRewrite(Graph graph, Node node, GraphEdit edit);
}
