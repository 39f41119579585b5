using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx;

/// <summary>
/// Has operators on floats of at most 16 bits computed in float32: their inputs are widened, their results rounded. What one computes
/// and another reads is not rounded in between, which gives results nearer to the true ones and is what ONNX Runtime does on
/// processors that lack such arithmetic; the model's own Cast nodes round as they say. Operators that only move elements are not widened.
/// </summary>
internal sealed class WideFloats
{
    /// <summary>Operators that give out elements as they came in.</summary>
    private static readonly HashSet<string> Moving =
    [
        "CenterCropPad",
        "Compress",
        "Concat",
        "DepthToSpace",
        "Dropout",
        "Expand",
        "Flatten",
        "Gather",
        "GatherElements",
        "GatherND",
        "Pad",
        "Reshape",
        "ReverseSequence",
        "Scatter",
        "ScatterElements",
        "ScatterND",
        "Slice",
        "SpaceToDepth",
        "Split",
        "Squeeze",
        "TensorScatter",
        "Tile",
        "Transpose",
        "Trilu",
        "Unsqueeze",
        "Where",
    ];

    /// <summary>Operators that take any type as it is, because they convert it or do not look at elements.</summary>
    private static readonly HashSet<string> OfAnyType = ["BitCast", "Cast", "CastLike", "ConstantOfShape", "EyeLike", "Shape", "Size"];

    private readonly GraphBuilder _graph;
    private readonly Dictionary<Value, Value> _wide = [];
    private readonly Dictionary<Value, Value> _narrow = [];

    // Those of the narrow ones that were computed in float32.
    private readonly HashSet<Value> _rounded = [];

    /// <param name="graph">The graph that is being built; a body has one of its own, whose values no other may use.</param>
    public WideFloats(GraphBuilder graph) => _graph = graph;

    /// <summary>All operators that are not simply computed in float32.</summary>
    internal static IEnumerable<string> Exceptions => Moving.Concat(OfAnyType);

    /// <summary>Imports a node; its outputs have the types that the model says.</summary>
    public ImmutableArray<Value> Import(OnnxImport import, OnnxNode node)
    {
        if (
            OfAnyType.Contains(node.OpType)
            || (node.OpType == "QuantizeLinear" && QuantizeLinearImport.Precision(node) != ElementType.Float32)
            || !IsNarrow(node)
            || (IsMoving(node) && !node.Inputs.Any(i => i is not null && _rounded.Contains(i)))
        )
        {
            return import(node, _graph);
        }

        ImmutableArray<Value?> inputs = [.. node.Inputs.Select((input, i) => IsWidened(node, i) ? Widened(input!) : input)];
        _graph.CurrentName = node.Name;
        var outputs = import(node.WithInputs(inputs), _graph);
        return [.. outputs.Select((o, i) => o.Element == ElementType.Float32 ? Rounded(o, ResultElement(node, i)) : o)];
    }

    // The type of a QuantizeLinear's zero point is that of its result.
    private static bool IsWidened(OnnxNode node, int input) =>
        node.OptionalInput(input)?.Element.IsNarrowFloat() == true && (node.OpType != "QuantizeLinear" || input < 2);

    private static bool IsNarrow(OnnxNode node) =>
        node.Inputs.Any(i => i?.Element.IsNarrowFloat() == true)
        || (node.OpType == "DequantizeLinear" && ResultElement(node, 0).IsNarrowFloat());

    private static bool IsMoving(OnnxNode node) => Moving.Contains(node.OpType) && node.Text("reduction", "none") == "none";

    /// <summary>The element type that the model gives to a result which is computed in float32.</summary>
    private static ElementType ResultElement(OnnxNode node, int output)
    {
        if (node.Int("output_dtype", 0) is not 0 and var wanted)
        {
            return (ElementType)wanted;
        }

        if (node.HasAttribute("dtype") || node.HasAttribute("output_datatype"))
        {
            return ElementType.Float32;
        }

        var decides = (node.OpType, output) switch
        {
            // Statistics are in the type that they are computed in.
            ("LayerNormalization" or "SimplifiedLayerNormalization" or "SkipLayerNormalization", 1 or 2) => null,
            ("Attention", 2) => node.OptionalInput(2),
            ("BatchNormalization", > 0) => node.OptionalInput(3),
            ("DequantizeLinear", _) => node.OptionalInput(1),
            ("LinearAttention", 1) => node.OptionalInput(3) ?? node.OptionalInput(0),
            ("OneHot", _) => node.OptionalInput(2),
            _ => node.Inputs.FirstOrDefault(i =>
                i is not null && (i.Element.IsNarrowFloat() || ElementwiseRules.Floats.Contains(i.Element))
            ),
        };
        return decides?.Element ?? ElementType.Float32;
    }

    private Value Widened(Value value)
    {
        if (_wide.TryGetValue(value, out var known))
        {
            return known;
        }

        Value wide;
        if (value.Constant is { } constant)
        {
            // Each constant once, to what it takes in the end anyway: that needs no budget.
            wide = new Value(value.Name, Tensor.From<float>(ElementType.Float32, constant.Shape, CastEvaluator.Widened(constant)));
        }
        else
        {
            _graph.CurrentName = value.Name + "/widen";
            wide = _graph.Add(new Cast(ElementType.Float32), value);
            _narrow[wide] = value;
        }

        _wide.Add(value, wide);
        return wide;
    }

    private Value Rounded(Value value, ElementType element)
    {
        if (!element.IsNarrowFloat() || element == ElementType.Float8E8M0)
        {
            return value;
        }

        if (_narrow.TryGetValue(value, out var known) && known.Element == element)
        {
            return known;
        }

        var narrow = _graph.Add(new Cast(element), value);
        if (narrow.Constant is null)
        {
            _narrow[value] = narrow;
            _wide[narrow] = value;
            _rounded.Add(narrow);
        }

        return narrow;
    }
}
