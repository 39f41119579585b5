using ModelCompiler.Graphs;

namespace ModelCompiler.Passes;

/// <summary>Drops nodes that no output of the graph needs.</summary>
internal sealed class RemoveUnusedNodes : IPass
{
    public Graph Run(Graph graph) => GraphEdit.Reordered(graph.Name, graph.Inputs, graph.Outputs, graph.Nodes);
}
