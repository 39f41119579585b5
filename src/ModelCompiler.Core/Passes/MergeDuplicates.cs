using System.Collections.Immutable;
using ModelCompiler.Graphs;

namespace ModelCompiler.Passes;

/// <summary>Lets nodes that compute the same from the same values be one: operators are records, so they compare by value.</summary>
internal sealed class MergeDuplicates : IPass
{
    public Graph Run(Graph graph)
    {
        var edit = new GraphEdit(graph);
        var first = new Dictionary<Computation, Node>();
        var same = new Dictionary<Value, Value>();
        foreach (var node in graph.Nodes)
        {
            var inputs = node.Inputs.Select(i => i is not null && same.TryGetValue(i, out var by) ? by : i).ToImmutableArray();
            var computation = new Computation(node.Operator, inputs, node.Outputs.Length);
            if (!first.TryGetValue(computation, out var original))
            {
                first.Add(computation, node);
                continue;
            }

            edit.Remove(node);
            for (var i = 0; i < node.Outputs.Length; i++)
            {
                same.Add(node.Outputs[i], original.Outputs[i]);
                edit.ReplaceUses(node.Outputs[i], original.Outputs[i]);
            }
        }

        return edit.HasChanges ? edit.Apply() : graph;
    }

    private sealed record Computation(Operator Operator, EquatableArray<Value?> Inputs, int Outputs);
}
