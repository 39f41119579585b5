using System.Collections.Immutable;

namespace ModelCompiler.Graphs;

/// <summary>A tensor in a graph: a graph input, a constant, or the output of a node. Compared by identity.</summary>
/// <param name="name">Name in the model, or one that a pass made up; for people, not unique.</param>
/// <param name="type">Element type and shape.</param>
/// <param name="constant">The elements, where they are known at compile time.</param>
public sealed class Value(string name, TensorType type, Tensor? constant = null)
{
    /// <summary>Makes a constant.</summary>
    public Value(string name, Tensor constant)
        : this(name, constant.Type, constant) { }

    /// <summary>Name in the model, or one that a pass made up.</summary>
    public string Name { get; } = name;

    /// <summary>Element type and shape.</summary>
    public TensorType Type { get; } = type;

    /// <summary>Shape.</summary>
    public TensorShape Shape => Type.Shape;

    /// <summary>Element type.</summary>
    public ElementType Element => Type.Element;

    /// <summary>The elements, where they are known at compile time.</summary>
    public Tensor? Constant { get; } = constant;

    /// <summary>
    /// Which dimension has a size that only the data give; null where there is none. Stands only on values of a graph that is being
    /// built: <see cref="GraphOutput"/> says it of a finished one.
    /// </summary>
    public RunTimeSize? RunTimeSize { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Type}";
}

/// <summary>One operator applied to values. Compared by identity.</summary>
/// <param name="name">Name in the model, or one that a pass made up; names the emitted method.</param>
/// <param name="op">What is computed.</param>
/// <param name="inputs">Inputs in the operator's order; null where an optional input is left out.</param>
/// <param name="outputs">Outputs in the operator's order.</param>
public sealed class Node(string name, Operator op, ImmutableArray<Value?> inputs, ImmutableArray<Value> outputs)
{
    /// <summary>Name in the model, or one that a pass made up.</summary>
    public string Name { get; } = name;

    /// <summary>What is computed.</summary>
    public Operator Operator { get; } = op;

    /// <summary>Inputs in the operator's order; null where an optional input is left out.</summary>
    public ImmutableArray<Value?> Inputs { get; } = inputs;

    /// <summary>Outputs in the operator's order.</summary>
    public ImmutableArray<Value> Outputs { get; } = outputs;

    /// <summary>The first output.</summary>
    public Value Output => Outputs[0];

    /// <summary>Input <paramref name="index"/>, which must be there.</summary>
    public Value Input(int index) => Inputs[index] ?? throw new InvalidOperationException($"{this} has no input {index}");

    /// <summary>Whether optional input <paramref name="index"/> is there.</summary>
    public bool HasInput(int index) => index < Inputs.Length && Inputs[index] is not null;

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({Operator.Name})";
}

/// <summary>An output of a graph: its name belongs to the model's interface and stays when a pass puts another value there.</summary>
/// <param name="Name">Name in the model.</param>
/// <param name="Value">What is given out.</param>
public sealed record GraphOutput(string Name, Value Value)
{
    /// <summary>Which of its dimensions has a size that only the data give; null where there is none.</summary>
    public OutputSize? Size { get; init; }

    /// <summary>Whether it is not one of the model's own outputs but says the size of some of them; these stand behind all others.</summary>
    public bool IsCount { get; init; }
}

/// <summary>Says of an output that one of its dimensions has a size that only the data give. The valid elements come first, without gaps.</summary>
/// <param name="Axis">The dimension.</param>
/// <param name="Count">Which of the counts, in their order, is its size.</param>
public sealed record OutputSize(int Axis, int Count);

/// <summary>A network: nodes in an order in which every input is computed before it is read. Immutable; passes make new ones.</summary>
public sealed class Graph
{
    private readonly Dictionary<Value, Node> _producers = [];
    private readonly Dictionary<Value, ImmutableArray<Node>> _consumers;

    /// <summary>Makes a graph of nodes that are already in topological order.</summary>
    public Graph(string name, ImmutableArray<Value> inputs, ImmutableArray<GraphOutput> outputs, ImmutableArray<Node> nodes)
    {
        Name = name;
        Inputs = inputs;
        Outputs = outputs;
        Nodes = nodes;
        foreach (var node in nodes)
        {
            foreach (var output in node.Outputs)
            {
                _producers.Add(output, node);
            }
        }

        _consumers = nodes
            .SelectMany(node => node.Inputs.Where(i => i is not null).Distinct().Select(i => (Input: i!, Node: node)))
            .GroupBy(use => use.Input, use => use.Node)
            .ToDictionary(group => group.Key, group => group.ToImmutableArray());
    }

    /// <summary>Name of the model.</summary>
    public string Name { get; }

    /// <summary>Graph inputs in model order.</summary>
    public ImmutableArray<Value> Inputs { get; }

    /// <summary>Graph outputs in model order.</summary>
    public ImmutableArray<GraphOutput> Outputs { get; }

    /// <summary>Nodes in topological order.</summary>
    public ImmutableArray<Node> Nodes { get; }

    /// <summary>The node that computes a value; null for graph inputs and constants.</summary>
    public Node? Producer(Value? value) => value is not null && _producers.TryGetValue(value, out var node) ? node : null;

    /// <summary>The nodes that read a value, in topological order, each once.</summary>
    public ImmutableArray<Node> Consumers(Value value) => _consumers.TryGetValue(value, out var nodes) ? nodes : [];

    /// <summary>Whether the value is one of the graph's outputs.</summary>
    public bool IsOutput(Value value) => Outputs.Any(o => o.Value == value);

    /// <summary>The only node that reads a value which is not a graph output; null where there are none or several.</summary>
    public Node? OnlyConsumer(Value value) => !IsOutput(value) && Consumers(value) is [var node] ? node : null;
}
