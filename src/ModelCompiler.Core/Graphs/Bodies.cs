using System.Collections.Immutable;

namespace ModelCompiler.Graphs;

/// <summary>An operator that runs graphs of its own: bodies of branches and loops. All that they read are inputs of theirs.</summary>
public interface IHasBodies
{
    /// <summary>The bodies in a fixed order.</summary>
    EquatableArray<Graph> Bodies { get; }

    /// <summary>
    /// The first of the node's inputs that bodies read as they are: these are the last inputs of each body, in the same order.
    /// </summary>
    int FirstCaptured { get; }

    /// <summary>The same operator with other bodies, which give values of the same types.</summary>
    Operator WithBodies(EquatableArray<Graph> bodies);
}

/// <summary>What is done with the bodies of operators.</summary>
internal static class Bodies
{
    /// <summary>The graph with a change made to the bodies of its nodes, and to those within them if the change sees to that.</summary>
    public static Graph Change(Graph graph, Func<Graph, Graph> change)
    {
        var edit = new GraphEdit(graph);
        foreach (var node in graph.Nodes.Where(n => n.Operator is IHasBodies))
        {
            var bodies = ((IHasBodies)node.Operator).Bodies;
            var changed = bodies.Select(change).ToArray();
            if (!changed.SequenceEqual(bodies))
            {
                edit.Replace(node, new Node(node.Name, ((IHasBodies)node.Operator).WithBodies(changed), node.Inputs, node.Outputs));
            }
        }

        return edit.HasChanges ? edit.Apply() : graph;
    }

    /// <summary>Bytes of the constants that a node reads, those in its bodies included.</summary>
    public static long ConstantBytes(Node node) =>
        node.Inputs.Sum(i => (long)(i?.Constant?.Bytes.Length ?? 0))
        + (node.Operator is IHasBodies op ? op.Bodies.SelectMany(b => b.Nodes).Sum(ConstantBytes) : 0);

    /// <summary>
    /// Closes bodies that read values of the graph around them: these become further inputs, the same for each body, behind those
    /// that it has.
    /// </summary>
    public static (ImmutableArray<Graph> Bodies, ImmutableArray<Value> Captured) Close(params ImmutableArray<Graph> bodies)
    {
        var captured = bodies.SelectMany(FreeValues).Distinct().ToImmutableArray();
        return ([.. bodies.Select(b => WithInputs(b, captured))], captured);
    }

    /// <summary>What a body reads and neither computes nor has as a constant or an input, in the order of use.</summary>
    private static IEnumerable<Value> FreeValues(Graph body)
    {
        var own = new HashSet<Value>(body.Inputs.Concat(body.Nodes.SelectMany(n => n.Outputs)));
        return body
            .Nodes.SelectMany(n => n.Inputs)
            .Concat(body.Outputs.Select(o => o.Value))
            .OfType<Value>()
            .Where(v => v.Constant is null && !own.Contains(v));
    }

    private static Graph WithInputs(Graph body, ImmutableArray<Value> captured)
    {
        var inputs = captured.ToDictionary(v => v, v => new Value(v.Name, v.Type));
        return new Graph(
            body.Name,
            [.. body.Inputs, .. captured.Select(v => inputs[v])],
            [.. body.Outputs.Select(o => o with { Value = Inner(o.Value) })],
            [.. body.Nodes.Select(n => new Node(n.Name, n.Operator, [.. n.Inputs.Select(i => i is null ? null : Inner(i))], n.Outputs))]
        );

        Value Inner(Value value) => inputs.TryGetValue(value, out var input) ? input : value;
    }
}
