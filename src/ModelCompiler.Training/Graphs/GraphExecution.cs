using System.Runtime.InteropServices;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Training.Graphs.Operators;
using static TorchSharp.torch;

namespace ModelCompiler.Training.Graphs;

/// <summary>What the outputs of a network are before the function that makes probabilities of them.</summary>
public enum FinalFunction
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>Softmax over the classes, or its logarithm.</summary>
    Softmax,

    /// <summary>A sigmoid of each output.</summary>
    Sigmoid,
}

/// <summary>What a network gives for a batch.</summary>
/// <param name="Outputs">Its outputs, in the order of the model.</param>
/// <param name="Scores">
/// What the first output of floats is made of by <paramref name="Function"/>; losses of probabilities are exact on that.
/// </param>
/// <param name="Function">The last function of the network.</param>
public sealed record NetworkOutputs(IReadOnlyList<Tensor> Outputs, Tensor Scores, FinalFunction Function)
{
    /// <summary>The inner values that were asked for, in that order.</summary>
    public IReadOnlyList<Tensor> Observed { get; init; } = [];

    /// <summary>The dimension of the scores that counts classes.</summary>
    public int ClassAxis { get; init; } = 1;
}

/// <summary>A graph for one size of batch, executed with tensors, so that gradients flow from its outputs to its inputs.</summary>
internal sealed class GraphExecution : IDisposable
{
    private readonly Graph _graph;
    private readonly Dictionary<Value, Tensor> _constants = [];
    private readonly Compute<Operator>[] _functions;
    private readonly Value[] _outputs;
    private readonly Value[] _observed;
    private readonly Value _scores;
    private readonly FinalFunction _final;
    private readonly int _classAxis;

    /// <summary>Prepares a graph.</summary>
    /// <exception cref="NotDifferentiableException">Some nodes have no differentiable form.</exception>
    public GraphExecution(Graph graph)
        : this(graph, graph.Outputs.Length) { }

    /// <summary>Prepares a graph that gives values besides its outputs.</summary>
    /// <param name="graph">The graph, some of whose outputs may be there to be observed only.</param>
    /// <param name="outputs">How many of its outputs, from the first, are those of the model.</param>
    /// <param name="observed">Names of outputs that are observed.</param>
    /// <exception cref="NotDifferentiableException">Some nodes have no differentiable form.</exception>
    public GraphExecution(Graph graph, int outputs, params IReadOnlyList<string> observed)
    {
        _graph = graph;
        _outputs = [.. graph.Outputs.Take(outputs).Select(o => o.Value)];
        _observed = [.. observed.Select(name => graph.Outputs.First(o => o.Name == name).Value)];
        var missing = graph.Nodes.Where(n => DifferentiableOperators.Find(n.Operator) is null).ToList();
        if (missing.Count > 0)
        {
            throw new NotDifferentiableException(
                $"the network cannot be trained because no gradient can be computed through {string.Join(", ", missing.Select(n => $"'{n.Name}' ({n.Operator.Name})"))}"
            );
        }

        _functions = [.. graph.Nodes.Select(n => DifferentiableOperators.Find(n.Operator)!)];
        (_scores, _final, _classAxis) = FindScores(graph, _outputs);
        var constants = graph.Nodes.SelectMany(n => n.Inputs).OfType<Value>().Concat(graph.Outputs.Select(o => o.Value));
        foreach (var constant in constants.Where(v => v.Constant is not null).Distinct())
        {
            _constants.Add(constant, TorchTypes.ToTensor(constant.Constant!).DetachFromDisposeScope());
        }
    }

    /// <summary>The graph.</summary>
    public Graph Graph => _graph;

    /// <summary>Computes all outputs.</summary>
    /// <param name="inputs">A tensor for each input of the graph.</param>
    /// <param name="followsBatches">Whether an input of the graph is a running statistic that is to follow the batch.</param>
    /// <param name="rounds">Whether quantised numbers are integers.</param>
    public NetworkOutputs Run(IReadOnlyDictionary<string, Tensor> inputs, Func<string, bool> followsBatches, bool rounds = true)
    {
        var values = new Dictionary<Value, Tensor>(_constants);
        foreach (var input in _graph.Inputs)
        {
            values.Add(input, inputs[input.Name]);
        }

        var isInput = _graph.Inputs.ToHashSet();
        for (var i = 0; i < _functions.Length; i++)
        {
            var node = _graph.Nodes[i];
            var given = new OperatorInputs(
                node,
                [.. node.Inputs.Select(v => v is null ? null : values[v])],
                v => isInput.Contains(v) && followsBatches(v.Name),
                rounds
            );
            var outputs = Compute(node, _functions[i], given);
            for (var k = 0; k < node.Outputs.Length; k++)
            {
                values.Add(node.Outputs[k], Checked(node, node.Outputs[k], outputs[k]));
            }
        }

        return new([.. _outputs.Select(v => values[v])], values[_scores], _final)
        {
            Observed = [.. _observed.Select(v => values[v])],
            ClassAxis = _classAxis,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var constant in _constants.Values)
        {
            constant.Dispose();
        }
    }

    private static Tensor[] Compute(Node node, Compute<Operator> function, OperatorInputs inputs)
    {
        try
        {
            return function(node.Operator, inputs);
        }
        catch (ExternalException e)
        {
            throw new TrainingException($"libtorch cannot compute {node}: {e.Message.Split('\n')[0]}", e);
        }
    }

    private static Tensor Checked(Node node, Value value, Tensor tensor) =>
        tensor.shape.AsSpan().SequenceEqual(TorchTypes.Sizes(value.Shape))
            ? tensor.to_type(TorchTypes.Of(value.Element))
            : throw new InvalidOperationException($"{node} gives [{string.Join(",", tensor.shape)}] where {value.Shape} was inferred");

    /// <summary>
    /// What the first output of floats is a softmax or sigmoid of, also where it is quantised afterwards; of a network that gives nothing
    /// but the best class, what that is chosen from. Softmax goes along the last dimension or the second, which counts channels.
    /// </summary>
    internal static (Value Scores, FinalFunction Function, int ClassAxis) FindScores(Graph graph, IReadOnlyList<Value> outputs)
    {
        var output = outputs.FirstOrDefault(IsFloat) ?? outputs[0];
        var value = output;
        while (graph.Producer(value) is { } made && (IsQuantisation(made) || (!IsFloat(value) && IsChoice(made))))
        {
            value = made.Input(0);
        }

        output = IsFloat(output) ? output : value;
        return graph.Producer(value) switch
        {
            { Operator: Softmax { Axis: var axis } } node when axis == 1 || axis == value.Shape.Rank - 1 => (
                node.Input(0),
                FinalFunction.Softmax,
                axis
            ),
            { Operator: Unary { Function: UnaryFunction.Sigmoid } } node => (node.Input(0), FinalFunction.Sigmoid, 1),
            _ => (output, FinalFunction.None, 1),
        };
    }

    internal static bool IsFloat(Value value) => value.Element is ElementType.Float32 or ElementType.Float64;

    private static bool IsQuantisation(Node node) => node.Operator is QuantizeLinear or DequantizeLinear;

    private static bool IsChoice(Node node) => node.Operator is ArgMax or Reshape or Cast;
}
