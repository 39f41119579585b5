using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes;

/// <summary>
/// Gives bodies the constants that they read, and the dequantisation of what they read: the passes that run on a body see no further
/// than its inputs, and compute with integers only where they see how these stand for reals. A loop gets that of weights alone,
/// because it would dequantise anything else again in each iteration.
/// </summary>
internal sealed class MoveIntoBodies : IPass
{
    public Graph Run(Graph graph)
    {
        var edit = new GraphEdit(graph);
        foreach (var node in graph.Nodes)
        {
            if (
                node.Operator is IHasBodies op
                && Captured(node, op).Any(v => v.Constant is not null || MovedProducer(graph, node, v) is not null)
            )
            {
                edit.Replace(node, Moved(graph, node, op));
            }
        }

        return edit.HasChanges ? edit.Apply() : graph;
    }

    private static IEnumerable<Value> Captured(Node node, IHasBodies op) => node.Inputs.Skip(op.FirstCaptured).Select(v => v!);

    private static Node? MovedProducer(Graph graph, Node node, Value value) =>
        graph.Producer(value) is { Operator: DequantizeLinear } producer
        && (node.Operator is If || producer.Inputs.All(i => i is null or { Constant: not null }))
            ? producer
            : null;

    private static Node Moved(Graph graph, Node node, IHasBodies op)
    {
        var captured = Captured(node, op).ToImmutableArray();
        var producers = captured.Select(v => MovedProducer(graph, node, v)).ToImmutableArray();
        var needed = captured
            .SelectMany((v, i) => producers[i] is { } producer ? producer.Inputs.OfType<Value>() : [v])
            .Where(v => v.Constant is null)
            .Distinct()
            .ToImmutableArray();
        var bodies = op.Bodies.Select(b => WithInputs(b, captured, producers, needed)).ToArray();
        return new Node(node.Name, op.WithBodies(bodies), [.. node.Inputs.Take(op.FirstCaptured), .. needed], node.Outputs);
    }

    /// <summary>The body with other values in the place of those that it captures.</summary>
    private static Graph WithInputs(
        Graph body,
        ImmutableArray<Value> captured,
        ImmutableArray<Node?> producers,
        ImmutableArray<Value> needed
    )
    {
        var own = body.Inputs.Length - captured.Length;
        var inputs = needed.ToDictionary(v => v, v => new Value(v.Name, v.Type));
        var nodes = new List<Node>();
        var replaced = new Dictionary<Value, Value>();
        for (var i = 0; i < captured.Length; i++)
        {
            if (producers[i] is { } producer)
            {
                nodes.Add(
                    GraphEdit.NewNode(producer, producer.Operator, [.. producer.Inputs.Select(v => v is null ? null : Inner(inputs, v))])
                );
                replaced.Add(body.Inputs[own + i], nodes[nodes.Count - 1].Output);
            }
            else
            {
                replaced.Add(body.Inputs[own + i], Inner(inputs, captured[i]));
            }
        }

        nodes.AddRange(
            body.Nodes.Select(n => new Node(
                n.Name,
                n.Operator,
                [.. n.Inputs.Select(v => v is null ? null : Inner(replaced, v))],
                n.Outputs
            ))
        );
        return GraphEdit.Reordered(
            body.Name,
            [.. body.Inputs.Take(own), .. needed.Select(v => inputs[v])],
            [.. body.Outputs.Select(o => o with { Value = Inner(replaced, o.Value) })],
            nodes
        );
    }

    private static Value Inner(Dictionary<Value, Value> values, Value value) => values.TryGetValue(value, out var inner) ? inner : value;
}
