using ModelCompiler.Graphs;

namespace ModelCompiler.Passes;

/// <summary>Runs passes on the bodies of branches and loops, each a graph of its own.</summary>
internal sealed class RunOnBodies(Func<Graph, Graph> passes) : IPass
{
    public Graph Run(Graph graph) => Bodies.Change(graph, passes);
}
