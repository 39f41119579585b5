using System.Collections.Immutable;
using ModelCompiler.Graphs.Folding;

namespace ModelCompiler.Graphs;

/// <summary>
/// Collects nodes in order, inferring types as they come. A node whose inputs are all constant is evaluated at once, so that
/// shape arithmetic is known by the time a later node needs it as an attribute.
/// </summary>
public sealed class GraphBuilder
{
    private readonly List<Node> _nodes = [];
    private readonly List<Value> _inputs = [];
    private Counter _total = new();

    /// <summary>Name given to nodes that are added without one.</summary>
    public string CurrentName { get; set; } = "";

    /// <summary>How much constant folding may still cost.</summary>
    public FoldingBudget FoldingBudget { get; init; } = FoldingBudget.ForFile(0);

    /// <summary>The nodes that were added.</summary>
    public IReadOnlyList<Node> Nodes => _nodes;

    /// <summary>How many were added to this builder, those that it was forked from, and all other forks of these.</summary>
    public int TotalNodeCount => _total.Nodes;

    /// <summary>Declares a graph input.</summary>
    public Value Input(string name, TensorType type)
    {
        var value = new Value(name, type);
        _inputs.Add(value);
        return value;
    }

    /// <summary>A constant value.</summary>
    public Value Constant(Tensor tensor, string name = "") => new(name.Length > 0 ? name : CurrentName, tensor);

    /// <summary>Counts a constant that is about to be made of next to nothing: a few numbers of a file could make any amount of data.</summary>
    /// <exception cref="Diagnostics.LimitExceededException">It would take too much memory.</exception>
    public void Reserve(TensorType constant) => FoldingBudget.Spend([], [constant]);

    /// <summary>Adds a node of one output.</summary>
    /// <exception cref="ShapeException">The inputs break a rule of the operator.</exception>
    public Value Add(Operator op, params Value?[] inputs) => AddNode(op, inputs)[0];

    /// <summary>Adds a node and returns all its outputs.</summary>
    /// <exception cref="ShapeException">The inputs break a rule of the operator.</exception>
    /// <exception cref="Diagnostics.ProblemException">An input has a size that depends on the data, and the operator depends on that size.</exception>
    /// <exception cref="Diagnostics.LimitExceededException">Constant folding would take too much memory or time.</exception>
    public ImmutableArray<Value> AddNode(Operator op, params Value?[] inputs)
    {
        var types = op.Infer(new InferenceContext(inputs));
        if (ConstantFolder.TryEvaluate(op, inputs, types) is { } tensors)
        {
            FoldingBudget.Spend(inputs, types);
            return [.. tensors.Select(t => new Value(CurrentName, t))];
        }

        var sizes = RunTimeSizes.Of(op, inputs, types, this);
        var outputs = types.Select((t, i) => NewValue(types.Length == 1 ? CurrentName : $"{CurrentName}:{i}", t, sizes[i])).ToArray();
        if (op is IRunTimeSized sized)
        {
            var count = outputs[outputs.Length - 1];
            for (var i = 0; i < outputs.Length - 1; i++)
            {
                outputs[i] = sized.RunTimeAxis(i) is { } axis ? NewValue(outputs[i].Name, types[i], new(axis, count)) : outputs[i];
            }
        }

        _nodes.Add(new Node(CurrentName, op, [.. inputs], [.. outputs]));
        _total.Nodes++;
        return [.. outputs];

        // A dimension that cannot have elements has no size that could change.
        static Value NewValue(string name, TensorType type, RunTimeSize? size) =>
            new(name, type) { RunTimeSize = size is not null && type.Shape[size.Axis] > 0 ? size : null };
    }

    /// <summary>A builder for nodes that may be thrown away: they are not in this one before <see cref="Take"/>.</summary>
    public GraphBuilder Fork() =>
        new()
        {
            CurrentName = CurrentName,
            FoldingBudget = FoldingBudget,
            _total = _total,
        };

    /// <summary>Adds the nodes of a fork.</summary>
    public void Take(GraphBuilder fork) => _nodes.AddRange(fork._nodes);

    /// <summary>
    /// What was added, ending in <paramref name="outputs"/>, as a body of a node, with <paramref name="inputs"/>. Values of the graph
    /// around it are read as they are; <see cref="Bodies.Close"/> makes inputs of them.
    /// </summary>
    internal Graph BuildBody(string name, ImmutableArray<Value> inputs, IEnumerable<Value> outputs) =>
        GraphEdit.Reordered(name, inputs, [.. outputs.Select(o => new GraphOutput(o.Name, o))], _nodes);

    /// <summary>The graph of all that was added, ending in <paramref name="outputs"/>.</summary>
    public Graph Build(string name, IEnumerable<GraphOutput> outputs) => new(name, [.. _inputs], [.. outputs], [.. _nodes]);

    private sealed class Counter
    {
        public int Nodes { get; set; }
    }
}
