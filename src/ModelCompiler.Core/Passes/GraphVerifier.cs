using System.Diagnostics;
using ModelCompiler.Graphs;

namespace ModelCompiler.Passes;

/// <summary>Checks, in debug builds, that a pass left a sound graph: order, types, and no value without a producer.</summary>
internal static class GraphVerifier
{
    [Conditional("DEBUG")]
    public static void Check(Graph graph, string pass)
    {
        var known = new HashSet<Value>(graph.Inputs);
        foreach (var node in graph.Nodes)
        {
            foreach (var input in node.Inputs)
            {
                if (input is { Constant: null } && !known.Contains(input))
                {
                    throw new InvalidOperationException($"after {pass}: {node} reads {input}, which nothing has computed yet");
                }
            }

            var types = node.Operator.Infer(new InferenceContext(node.Inputs));
            if (!types.SequenceEqual(node.Outputs.Select(o => o.Type)))
            {
                throw new InvalidOperationException(
                    $"after {pass}: {node} should give {string.Join(", ", types.AsEnumerable())} but its outputs are {string.Join(", ", node.Outputs)}"
                );
            }

            known.UnionWith(node.Outputs);
        }

        foreach (var output in graph.Outputs)
        {
            if (output.Value.Constant is null && !known.Contains(output.Value))
            {
                throw new InvalidOperationException($"after {pass}: nothing computes output {output.Name}");
            }
        }
    }
}
