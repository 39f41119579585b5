using ModelCompiler.Graphs;

namespace ModelCompiler.Passes;

/// <summary>The passes, in the order in which they run.</summary>
internal static class Pipeline
{
    public static Graph Run(Graph graph, Target target)
    {
        foreach (var pass in Passes(target))
        {
            graph = pass.Run(graph);
            GraphVerifier.Check(graph, pass.GetType().Name);
        }

        return graph;
    }

    // Each line with the reason for its place.
    private static IPass[] Passes(Target target) => [];
}
