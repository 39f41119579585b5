using ModelCompiler.Graphs;

namespace ModelCompiler.Passes;

/// <summary>Passes that make work for each other, run in turn until none of them changes anything.</summary>
internal sealed class RepeatedPasses(params RewritePass[] passes) : IPass
{
    public Graph Run(Graph graph)
    {
        while (true)
        {
            var before = graph;
            foreach (var pass in passes)
            {
                graph = pass.Run(graph);
                GraphVerifier.Check(graph, pass.GetType().Name);
            }

            if (ReferenceEquals(graph, before))
            {
                return graph;
            }
        }
    }
}
