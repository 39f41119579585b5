using System.Runtime.InteropServices;
using ModelCompiler.Compression.Calibration;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Quantisation;

/// <summary>
/// Writes a plan into the model: every value that a node computes in integers goes through QuantizeLinear and DequantizeLinear and
/// keeps its name behind them, so that nobody who reads it has to be changed.
/// </summary>
internal sealed class QdqWriter(OnnxModel model, QuantisationPlan plan, QuantisedLayers layers, QuantisationOptions options)
{
    private readonly List<NodeProto> _nodes = [];
    private readonly Dictionary<string, string> _dequantised = new(StringComparer.Ordinal);
    private readonly Dictionary<AffineScale, (string Scale, string ZeroPoint)> _scales = [];
    private readonly Dictionary<(ElementType, int?, int), string> _zeros = [];
    private readonly HashSet<string> _integer = new(StringComparer.Ordinal);

    private ElementType Activation =>
        (options.ActivationBits, options.SignedActivations) switch
        {
            (16, true) => ElementType.Int16,
            (16, false) => ElementType.UInt16,
            (_, true) => ElementType.Int8,
            _ => ElementType.UInt8,
        };

    public void Write()
    {
        // Bounds are seen before inputs and outputs get other names.
        var bounded = model.Graph.Node.Where(n => plan.IsQuantised(n) && plan.Bound(n) is not null).ToList();
        var bounds = bounded.Select(n => plan.Bound(n)!).ToHashSet();
        foreach (var node in model.Graph.Node.ToList())
        {
            if (!plan.IsQuantised(node))
            {
                _nodes.Add(node);
                continue;
            }

            if (!bounds.Contains(node))
            {
                QuantiseInputs(node);
            }

            _nodes.Add(node);
            if (!bounded.Contains(node))
            {
                QuantiseOutputs(node);
            }
        }

        model.SetNodes(_nodes);
        model.RemoveUnusedConstants();
    }

    private void QuantiseInputs(NodeProto node)
    {
        if (layers.Find(node) is { } layer)
        {
            // The bias counts in units of the input's scale, and the name of the input changes.
            QuantiseWeights(node, layer, ScaleOf(node.Input[0]).Scale);
            node.Input[0] = Dequantised(node.Input[0]);
            return;
        }

        foreach (var index in OperatorRoles.DataInputs(node))
        {
            node.Input[index] = Dequantised(node.Input[index]);
        }
    }

    private void QuantiseOutputs(NodeProto node)
    {
        for (var i = 0; i < node.Output.Count; i++)
        {
            var value = node.Output[i];
            if (value.Length > 0 && OperatorRoles.DataOutputs(node).Contains(value) && plan.Range(value) is not null)
            {
                node.Output[i] = model.UniqueName($"{value}/float");
                AddPair(node.Output[i], value, value);
                _integer.Add(value);
            }
        }
    }

    /// <summary>The name under which a quantised node reads a value: behind the two nodes, which are added where they are missing.</summary>
    private string Dequantised(string value)
    {
        if (_integer.Contains(value))
        {
            return value;
        }

        if (!_dequantised.TryGetValue(value, out var name))
        {
            name = model.UniqueName($"{value}/dequantised");
            if (model.Constant(value) is { } constant)
            {
                AddConstant(value, constant, name);
            }
            else
            {
                AddPair(value, name, value);
            }

            _dequantised.Add(value, name);
        }

        return name;
    }

    private void AddPair(string input, string output, string value)
    {
        var (scale, zeroPoint) = Parameters(ScaleOf(value));
        var integers = model.UniqueName($"{value}/quantised");
        _nodes.Add(OnnxMessages.Node($"{value}/quantise", "QuantizeLinear", [input, scale, zeroPoint], integers));
        _nodes.Add(OnnxMessages.Node($"{value}/dequantise", "DequantizeLinear", [integers, scale, zeroPoint], output));
    }

    private void AddConstant(string value, Tensor constant, string output)
    {
        var affine = options.ScaleOf(ValueRange.Of(constant.As<float>()));
        var (scale, zeroPoint) = Parameters(affine);
        var integers = AddIntegers($"{value}/quantised", constant.Shape, constant.ToFloats().Select(affine.Quantise));
        _nodes.Add(OnnxMessages.Node($"{value}/dequantise", "DequantizeLinear", [integers, scale, zeroPoint], output));
    }

    private void QuantiseWeights(NodeProto node, QuantisedLayer layer, float inputScale)
    {
        var (op, quantised) = (layer.Operator, layer.Weights);
        var (name, element) = (WeightTensor.NameOf(node), quantised.Format.Bits == 4 ? ElementType.Int4 : ElementType.Int8);
        // One scale for all is a scalar.
        int? channels = quantised.Format.HasOneScale ? null : quantised.Scales.Length;
        var weights = AddWeights($"{name}/weight_q", element, op.Weights.Shape, quantised.Weights);
        var scales = model.AddConstant<float>($"{name}/weight_scale", ElementType.Float32, Shape(channels), quantised.Scales);
        node.Input[1] = AddWithScales($"{name}/weight", weights, scales, ZeroPoints(element, channels, quantised.ZeroPoint), op.Axis);
        if (layer.Bias is { } floats)
        {
            var bias = model.AddConstant<int>($"{name}/bias_q", ElementType.Int32, [floats.Length], quantised.Bias(floats, inputScale));
            var products = quantised.BiasScales(inputScale);
            var biasScales = model.AddConstant<float>($"{name}/bias_scale", ElementType.Float32, Shape(channels), products);
            node.Input[2] = AddWithScales($"{name}/bias", bias, biasScales, ZeroPoints(ElementType.Int32, channels, 0), 0);
        }

        string AddWithScales(string wanted, string integers, string scales, string zeroPoints, int axis)
        {
            var output = model.UniqueName($"{wanted}_dq");
            var dequantise = OnnxMessages.Node($"{wanted}/dequantise", "DequantizeLinear", [integers, scales, zeroPoints], output);
            if (channels is not null)
            {
                dequantise.Attribute.Add(OnnxMessages.Attribute("axis", (long)axis));
            }

            _nodes.Add(dequantise);
            return output;
        }
    }

    /// <summary>The same zero point for all channels, or one; all nodes of as many channels share them.</summary>
    private string ZeroPoints(ElementType element, int? channels, int zeroPoint)
    {
        if (!_zeros.TryGetValue((element, channels, zeroPoint), out var name))
        {
            var wanted = zeroPoint == 0 ? $"zeros_{channels ?? 1}" : $"weight_zero_point_{zeroPoint}";
            var count = channels ?? 1;
            name =
                element == ElementType.Int32
                    ? model.AddConstant<int>(wanted, element, Shape(channels), new int[count])
                    : AddWeights(wanted, element, Shape(channels), [.. Enumerable.Repeat((sbyte)zeroPoint, count)]);
            _zeros.Add((element, channels, zeroPoint), name);
        }

        return name;
    }

    private static TensorShape Shape(int? channels) => channels is { } count ? new TensorShape(count) : TensorShape.Scalar;

    private string AddWeights(string name, ElementType element, TensorShape shape, sbyte[] weights)
    {
        var bytes = MemoryMarshal.AsBytes<sbyte>(weights);
        return model.AddConstant(name, element, shape, PackedElements.ArePacked(element) ? PackedElements.Pack(bytes, element) : bytes);
    }

    /// <summary>Adds integers of the activations' type.</summary>
    private string AddIntegers(string name, IEnumerable<int> shape, IEnumerable<int> integers) =>
        options.ActivationBits == 16
            ? model.AddConstant<short>(name, Activation, shape, [.. integers.Select(i => unchecked((short)i))])
            : model.AddConstant<byte>(name, Activation, shape, [.. integers.Select(i => unchecked((byte)i))]);

    private AffineScale ScaleOf(string value) => options.ScaleOf(plan.RangeOf(value));

    private (string Scale, string ZeroPoint) Parameters(AffineScale affine)
    {
        if (!_scales.TryGetValue(affine, out var names))
        {
            var number = _scales.Count;
            names = (
                model.AddConstant<float>($"scale_{number}", ElementType.Float32, [], [affine.Scale]),
                AddIntegers($"zero_point_{number}", [], [affine.ZeroPoint])
            );
            _scales.Add(affine, names);
        }

        return names;
    }
}
