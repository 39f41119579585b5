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
internal sealed class QdqWriter(OnnxModel model, QuantisationPlan plan, QuantisationOptions options)
{
    private readonly List<NodeProto> _nodes = [];
    private readonly Dictionary<string, string> _dequantised = new(StringComparer.Ordinal);
    private readonly Dictionary<AffineScale, (string Scale, string ZeroPoint)> _scales = [];
    private readonly Dictionary<(ElementType, int), string> _zeros = [];
    private readonly HashSet<string> _integer = new(StringComparer.Ordinal);

    private ElementType Activation =>
        (options.ActivationBits, options.SignedActivations) switch
        {
            (16, true) => ElementType.Int16,
            (16, false) => ElementType.UInt16,
            (_, true) => ElementType.Int8,
            _ => ElementType.UInt8,
        };

    private ElementType Weight => options.WeightBits == 4 ? ElementType.Int4 : ElementType.Int8;

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
        if (plan.Weights(node) is { } weighted)
        {
            // The bias counts in units of the input's scale, and the name of the input changes.
            QuantiseWeights(weighted, ScaleOf(node.Input[0]));
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

    private void QuantiseWeights(WeightedOperator op, AffineScale input)
    {
        var name = op.Node.Name.Length > 0 ? op.Node.Name : op.Node.Output[0];
        var quantised = WeightQuantisation.Of(op.Weights, op.Axis, op.Bias, input.Scale, options.WeightBits, options.Rule);
        var channels = quantised.Scales.Length;
        var weights = AddWeights($"{name}/weight_q", op.Weights.Shape, quantised.Weights);
        var scales = model.AddConstant<float>($"{name}/weight_scale", ElementType.Float32, [channels], quantised.Scales);
        var zeros = Zeros(Weight, channels);
        op.Node.Input[1] = AddPerChannel($"{name}/weight", weights, scales, zeros, op.Axis);
        if (quantised.Bias is not null)
        {
            var bias = model.AddConstant<int>($"{name}/bias_q", ElementType.Int32, [channels], quantised.Bias);
            var biasScales = model.AddConstant<float>($"{name}/bias_scale", ElementType.Float32, [channels], quantised.BiasScales);
            var biasZeros = Zeros(ElementType.Int32, channels);
            op.Node.Input[2] = AddPerChannel($"{name}/bias", bias, biasScales, biasZeros, 0);
        }
    }

    private string AddPerChannel(string name, string integers, string scales, string zeroPoints, int axis)
    {
        var output = model.UniqueName($"{name}_dq");
        var node = OnnxMessages.Node($"{name}/dequantise", "DequantizeLinear", [integers, scales, zeroPoints], output);
        node.Attribute.Add(OnnxMessages.Attribute("axis", (long)axis));
        _nodes.Add(node);
        return output;
    }

    /// <summary>Zero points of symmetric channels; all nodes of as many channels share them.</summary>
    private string Zeros(ElementType element, int channels)
    {
        if (!_zeros.TryGetValue((element, channels), out var name))
        {
            var bytes = new byte[PackedElements.BytesInFile(new TensorType(element, new TensorShape(channels)))];
            name = model.AddConstant<byte>($"zeros_{channels}", element, [channels], bytes);
            _zeros.Add((element, channels), name);
        }

        return name;
    }

    private string AddWeights(string name, TensorShape shape, sbyte[] weights)
    {
        var bytes = MemoryMarshal.AsBytes<sbyte>(weights);
        return model.AddConstant(name, Weight, shape, PackedElements.ArePacked(Weight) ? PackedElements.Pack(bytes, Weight) : bytes);
    }

    /// <summary>Adds integers of the activations' type.</summary>
    private string AddIntegers(string name, IEnumerable<int> shape, IEnumerable<int> integers) =>
        options.ActivationBits == 16
            ? model.AddConstant<short>(name, Activation, shape, [.. integers.Select(i => unchecked((short)i))])
            : model.AddConstant<byte>(name, Activation, shape, [.. integers.Select(i => unchecked((byte)i))]);

    private AffineScale ScaleOf(string value) =>
        options.ScaleOf(plan.Range(value) ?? throw new InvalidOperationException($"value '{value}' has no scale"));

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
