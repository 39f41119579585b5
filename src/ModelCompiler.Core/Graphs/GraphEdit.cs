using System.Collections.Immutable;

namespace ModelCompiler.Graphs;

/// <summary>Changes to a graph that a pass collects and then applies at once.</summary>
/// <param name="graph">The graph that is changed.</param>
public sealed class GraphEdit(Graph graph)
{
    private readonly Dictionary<Node, ImmutableArray<Node>> _replacements = [];
    private readonly Dictionary<Value, Value> _uses = [];

    /// <summary>Whether anything was changed.</summary>
    public bool HasChanges => _replacements.Count > 0 || _uses.Count > 0;

    /// <summary>Whether an earlier change of this edit removed or replaced the node.</summary>
    public bool IsTouched(Node node) => _replacements.ContainsKey(node);

    /// <summary>Puts <paramref name="nodes"/> where <paramref name="node"/> was; none removes it.</summary>
    public void Replace(Node node, params IEnumerable<Node> nodes) => _replacements.Add(node, [.. nodes]);

    /// <summary>Removes a node whose outputs nothing reads any more after this edit.</summary>
    public void Remove(Node node) => _replacements.Add(node, []);

    /// <summary>Lets everything that read <paramref name="value"/>, graph outputs included, read <paramref name="by"/>.</summary>
    public void ReplaceUses(Value value, Value by) => _uses.Add(value, by);

    /// <summary>
    /// Makes a node with freshly inferred output types, named after <paramref name="origin"/>. Use <see cref="ReplaceUses"/> to
    /// put its output in the place of the old one.
    /// </summary>
    /// <exception cref="ShapeException">The inputs break a rule of the operator.</exception>
    public static Node NewNode(Node origin, Operator op, params Value?[] inputs)
    {
        var types = op.Infer(new InferenceContext(inputs));
        return new Node(
            origin.Name,
            op,
            [.. inputs],
            [.. types.Select((t, i) => new Value(i < origin.Outputs.Length ? origin.Outputs[i].Name : origin.Name, t))]
        );
    }

    /// <summary>The changed graph: nodes nobody reads are dropped and the rest is put into topological order again.</summary>
    public Graph Apply()
    {
        var nodes = graph.Nodes.SelectMany(n => _replacements.TryGetValue(n, out var by) ? by : [n]).Select(Rewire).ToList();
        return Reordered(graph.Name, graph.Inputs, [.. graph.Outputs.Select(o => o with { Value = Resolve(o.Value) })], nodes);
    }

    /// <summary>Builds a graph from nodes in any order, without those that no output needs. Ties keep the given order.</summary>
    /// <exception cref="ShapeException">The nodes form a cycle.</exception>
    public static Graph Reordered(string name, ImmutableArray<Value> inputs, ImmutableArray<GraphOutput> outputs, IReadOnlyList<Node> nodes)
    {
        var producers = nodes.SelectMany(n => n.Outputs.Select(o => (Output: o, Node: n))).ToDictionary(p => p.Output, p => p.Node);
        var live = new HashSet<Node>();
        var pending = new Stack<Node>(Producers(outputs.Select(o => o.Value)));
        while (pending.Count > 0)
        {
            var node = pending.Pop();
            if (live.Add(node))
            {
                foreach (var producer in Producers(node.Inputs))
                {
                    pending.Push(producer);
                }
            }
        }

        // Kahn's algorithm with the given order as priority, so that an edit moves nothing without need.
        var position = new Dictionary<Node, int>();
        var missing = new Dictionary<Node, int>();
        var ready = new SortedSet<(int Position, int Unique)>();
        var alive = nodes.Where(live.Contains).ToList();
        var readers = new Dictionary<Node, List<Node>>();
        for (var i = 0; i < alive.Count; i++)
        {
            position.Add(alive[i], i);
        }

        foreach (var node in alive)
        {
            var needs = Producers(node.Inputs).Distinct().ToList();
            missing.Add(node, needs.Count);
            foreach (var need in needs)
            {
                (readers.TryGetValue(need, out var list) ? list : readers[need] = []).Add(node);
            }

            if (needs.Count == 0)
            {
                ready.Add((position[node], 0));
            }
        }

        var ordered = ImmutableArray.CreateBuilder<Node>(alive.Count);
        while (ready.Count > 0)
        {
            var next = ready.Min;
            ready.Remove(next);
            var node = alive[next.Position];
            ordered.Add(node);
            foreach (var reader in readers.TryGetValue(node, out var list) ? list : [])
            {
                if (--missing[reader] == 0)
                {
                    ready.Add((position[reader], 0));
                }
            }
        }

        return ordered.Count == alive.Count
            ? new Graph(name, inputs, outputs, ordered.ToImmutable())
            : throw new ShapeException("the graph has a cycle through " + string.Join(", ", alive.Except(ordered).Take(3)));

        IEnumerable<Node> Producers(IEnumerable<Value?> values) =>
            values.Where(v => v is not null && producers.ContainsKey(v)).Select(v => producers[v!]);
    }

    private Node Rewire(Node node) =>
        node.Inputs.Any(i => i is not null && _uses.ContainsKey(i))
            ? new Node(node.Name, node.Operator, [.. node.Inputs.Select(i => i is null ? null : Resolve(i))], node.Outputs)
            : node;

    private Value Resolve(Value value)
    {
        while (_uses.TryGetValue(value, out var by))
        {
            value = by;
        }

        return value;
    }
}
