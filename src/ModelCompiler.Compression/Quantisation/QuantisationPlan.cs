using ModelCompiler.Compression.Calibration;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Quantisation;

/// <summary>A node that was expected to become integer and does not.</summary>
/// <param name="Node">Its name.</param>
/// <param name="OperatorType">Its operator.</param>
/// <param name="Reason">Why not.</param>
public sealed record FloatNode(string Node, string OperatorType, string Reason);

/// <summary>Decides which nodes compute in integers, and with which scale each value is quantised.</summary>
internal sealed class QuantisationPlan
{
    private readonly OnnxModel _model;
    private readonly IReadOnlyDictionary<string, ValueStatistics> _statistics;
    private readonly ScaleGroups _groups = new();
    private readonly HashSet<string> _quantisedGroups = new(StringComparer.Ordinal);
    private readonly HashSet<NodeProto> _nodes = [];
    private readonly Dictionary<NodeProto, WeightedOperator> _weighted = [];
    private readonly Dictionary<string, ValueRange> _ranges = new(StringComparer.Ordinal);
    private readonly List<FloatNode> _floatNodes = [];

    private QuantisationPlan(OnnxModel model, IReadOnlyDictionary<string, ValueStatistics> statistics)
    {
        _model = model;
        _statistics = statistics;
    }

    /// <summary>Products that stay in float.</summary>
    public IReadOnlyList<FloatNode> FloatNodes => _floatNodes;

    /// <summary>Makes the plan.</summary>
    public static QuantisationPlan Of(OnnxModel model, IReadOnlyDictionary<string, ValueStatistics> statistics)
    {
        var plan = new QuantisationPlan(model, statistics);
        plan.JoinGroups();
        plan.TakeProducts();
        while (plan.TakeFollowers()) { }

        plan.TakePassThroughs();
        plan.JoinRanges();
        return plan;
    }

    /// <summary>Whether a node computes in integers (an activation that bounds its producer's result included).</summary>
    public bool IsQuantised(NodeProto node) => _nodes.Contains(node);

    /// <summary>The constant weights of a quantised Conv, Gemm or MatMul; null for other nodes.</summary>
    public WeightedOperator? Weights(NodeProto node) => _weighted.GetValueOrDefault(node);

    /// <summary>The range of the integers that stand for a value; null where it stays float.</summary>
    public ValueRange? Range(string value) => _ranges.TryGetValue(_groups.Of(value), out var range) ? range : null;

    /// <summary>The range of the integers that stand for a value, which has them.</summary>
    public ValueRange RangeOf(string value) => Range(value) ?? throw new InvalidOperationException($"value '{value}' has no scale");

    /// <summary>The activation that bounds what a node computes, where it is the only reader; null for none.</summary>
    public NodeProto? Bound(NodeProto node) =>
        OperatorRoles.Of(node) is OperatorRole.Product or OperatorRole.Follower
        && _model.OnlyConsumer(node.Output[0]) is { } consumer
        && OperatorRoles.Of(consumer) == OperatorRole.Activation
        && consumer.Input[0] == node.Output[0]
            ? consumer
            : null;

    private void JoinGroups()
    {
        foreach (var node in _model.Graph.Node.Where(n => OperatorRoles.Of(n) == OperatorRole.PassThrough && IsFloat(n.Input[0])))
        {
            foreach (var output in OperatorRoles.DataOutputs(node).Where(IsFloat))
            {
                _groups.Join(node.Input[0], output);
            }
        }
    }

    private void TakeProducts()
    {
        foreach (var node in _model.Graph.Node.Where(n => OperatorRoles.Of(n) == OperatorRole.Product))
        {
            var weighted = WeightedOperator.From(_model, node, out var reason);
            if (weighted is null && node.OpType == "MatMul" && IsFloat(node.Input[0]) && IsFloat(node.Input[1]))
            {
                reason = "";
            }

            if (reason.Length == 0 && !(_statistics.ContainsKey(node.Input[0]) && _statistics.ContainsKey(node.Output[0])))
            {
                reason = "it does not compute with float32 values that change from sample to sample";
            }

            if (reason.Length > 0)
            {
                _floatNodes.Add(new FloatNode(node.Name, node.OpType, reason));
                continue;
            }

            if (weighted is not null)
            {
                _weighted.Add(node, weighted);
            }

            foreach (var input in weighted is null ? node.Input.Take(2) : node.Input.Take(1))
            {
                _quantisedGroups.Add(_groups.Of(input));
            }

            Take(node);
        }
    }

    /// <summary>Takes the followers whose inputs are all quantised by now.</summary>
    /// <returns>Whether there were any; each may make others follow.</returns>
    private bool TakeFollowers()
    {
        var taken = false;
        foreach (var node in _model.Graph.Node.Where(n => !_nodes.Contains(n)))
        {
            if (
                OperatorRoles.Of(node) is OperatorRole.Follower or OperatorRole.Activation
                && IsFloat(node.Output[0])
                && !GivesUnits(node)
                && OperatorRoles.DataInputs(node).Select(i => node.Input[i]) is var inputs
                && inputs.All(i => _model.Constant(i) is not null ? IsFloat(i) : _quantisedGroups.Contains(_groups.Of(i)))
                && inputs.Any(i => _model.Constant(i) is null)
            )
            {
                Take(node);
                taken = true;
            }
        }

        return taken;
    }

    /// <summary>
    /// Whether a node is the Mul, or the Add behind it, by which a network ends in the units that a caller sees, each channel in its own:
    /// one scale for all would round channels of small numbers to nothing, and there is no product behind it that gains by integers.
    /// </summary>
    private bool GivesUnits(NodeProto node) =>
        HasChannels(node)
        && node.OpType switch
        {
            "Mul" => IsLast(node)
                || (_model.OnlyConsumer(node.Output[0]) is { OpType: "Add" } shift && HasChannels(shift) && IsLast(shift)),
            "Add" => IsLast(node) && node.Input.Any(i => _model.Producer(i) is { OpType: "Mul" } scaling && GivesUnits(scaling)),
            _ => false,
        };

    private bool HasChannels(NodeProto node) =>
        node.Input.Any(i => _model.Constant(i) is { Element: Graphs.ElementType.Float32, Shape.Elements: > 1 });

    private bool IsLast(NodeProto node) => _model.IsOutput(node.Output[0]) && !_model.Consumers(node.Output[0]).Any();

    private void TakePassThroughs()
    {
        foreach (var node in _model.Graph.Node.Where(n => OperatorRoles.Of(n) == OperatorRole.PassThrough))
        {
            if (IsFloat(node.Input[0]) && _model.Constant(node.Input[0]) is null && _quantisedGroups.Contains(_groups.Of(node.Input[0])))
            {
                _nodes.Add(node);
            }
        }
    }

    /// <summary>Makes a node integer, and what it gives: behind its bound where it has one.</summary>
    private void Take(NodeProto node)
    {
        _nodes.Add(node);
        var last = Bound(node) ?? node;
        _nodes.Add(last);
        _quantisedGroups.Add(_groups.Of(last.Output[0]));
    }

    private void JoinRanges()
    {
        foreach (var (value, statistics) in _statistics)
        {
            var group = _groups.Of(value);
            if (_quantisedGroups.Contains(group))
            {
                _ranges[group] = _ranges.TryGetValue(group, out var range) ? range.Join(statistics.Range) : statistics.Range;
            }
        }
    }

    private bool IsFloat(string value) =>
        _statistics.ContainsKey(value) || _model.Constant(value) is { Element: Graphs.ElementType.Float32 };
}
