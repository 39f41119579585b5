using Google.Protobuf;
using ModelCompiler.Compression.Calibration;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Quantisation;

/// <summary>
/// Rounding shifts the mean of what weights give, because their inputs have a mean. The shift is measured on samples, by a network whose layers
/// have the errors of the weights for weights, and taken out of the biases.
/// </summary>
internal static class BiasCorrection
{
    /// <summary>Gives a bias of zeros to products with constant weights that have none, so that there is something to correct.</summary>
    public static void AddBiases(OnnxModel model, IReadOnlyDictionary<string, ValueStatistics> statistics)
    {
        foreach (var node in model.Graph.Node.Where(n => OperatorRoles.Of(n) == OperatorRole.Product))
        {
            if (
                WeightedOperator.From(model, node, out _) is not { Bias: null } weighted
                || (node.OpType == "MatMul" && statistics.GetValueOrDefault(node.Input[0])?.Rank != 2)
            )
            {
                continue;
            }

            // Without a third input beta says nothing; a product of matrices is a Gemm without a bias.
            node.OpType = node.OpType == "MatMul" ? "Gemm" : node.OpType;
            if (OnnxMessages.Find(node, "beta") is { } beta)
            {
                node.Attribute.Remove(beta);
            }

            var channels = weighted.Weights.Shape[weighted.Axis];
            var bias = model.AddConstant<float>($"{node.Output[0]}/bias", ElementType.Float32, [channels], new float[channels]);
            if (node.Input.Count < 3)
            {
                node.Input.Add(bias);
            }
            else
            {
                node.Input[2] = bias;
            }
        }

        model.NodesChanged();
    }

    /// <summary>Measures the shifts and corrects the biases of the layers.</summary>
    public static void Apply(
        OnnxModel model,
        QuantisedLayers quantised,
        IEnumerable<IReadOnlyList<NamedTensor>> samples,
        Action? progress,
        CancellationToken cancellation
    )
    {
        var layers = model.Graph.Node.Where(n => quantised.Find(n) is { Bias: not null }).ToList();
        if (layers.Count == 0)
        {
            return;
        }

        var shifts = layers.Select(n => new MeanByChannel(n.OpType == "Conv" ? 1 : -1)).ToList();
        using var network = new OnnxRuntimeOracle(OfErrors(model, layers, quantised));
        foreach (var sample in samples)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (var (shift, output) in shifts.Zip(network.Run(sample)))
            {
                shift.Add((float[])output.Elements, output.Type.Shape);
            }

            progress?.Invoke();
        }

        foreach (var (layer, shift) in layers.Zip(shifts))
        {
            float[] bias = [.. quantised.Find(layer)!.Bias!.Select((b, channel) => (float)(b - shift.Of(channel)))];
            quantised.SetBias(layer.Output[0], bias);
        }
    }

    /// <summary>The model with an output for each layer: the layer with the errors of its weights for weights, and without a bias.</summary>
    private static byte[] OfErrors(OnnxModel model, IReadOnlyList<NodeProto> layers, QuantisedLayers quantised)
    {
        var errors = model.Proto.Clone();
        errors.Graph.Output.Clear();
        foreach (var layer in layers)
        {
            var (op, integers, _) = quantised.Find(layer)!;
            var weights = model.UniqueName($"{layer.Output[0]}/weight_errors");
            errors.Graph.Initializer.Add(
                OnnxMessages.Initializer<float>(weights, ElementType.Float32, op.Weights.Shape, integers.Errors(op.Weights, op.Axis))
            );
            var node = layer.Clone();
            node.Name = "";
            node.Input.Clear();
            node.Input.AddRange([layer.Input[0], weights]);
            node.Output[0] = model.UniqueName($"{layer.Output[0]}/errors");
            errors.Graph.Node.Add(node);
            // Without a type: ONNX Runtime infers it.
            errors.Graph.Output.Add(new ValueInfoProto { Name = node.Output[0] });
        }

        return errors.ToByteArray();
    }

    /// <summary>The mean of each channel over samples.</summary>
    /// <param name="axis">The dimension of the channels; negative from the end.</param>
    private sealed class MeanByChannel(int axis)
    {
        private double[] _sums = [];
        private long _count;

        public void Add(ReadOnlySpan<float> elements, TensorShape shape)
        {
            var place = axis < 0 ? axis + shape.Rank : axis;
            var (channels, inner) = (shape[place], shape.Product(place + 1, shape.Rank));
            if (_sums.Length == 0)
            {
                _sums = new double[channels];
            }

            for (var i = 0; i < elements.Length; i++)
            {
                _sums[i / inner % channels] += elements[i];
            }

            _count += elements.Length / Math.Max(channels, 1);
        }

        public double Of(int channel) => _count > 0 ? _sums[channel] / _count : 0;
    }
}
