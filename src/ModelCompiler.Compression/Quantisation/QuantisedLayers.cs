using ModelCompiler.Compression.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Quantisation;

/// <summary>A Conv, Gemm or MatMul whose weights are integers.</summary>
/// <param name="Operator">The layer in float.</param>
/// <param name="Weights">Its integers.</param>
/// <param name="Bias">The bias that goes with them; null for none.</param>
internal sealed record QuantisedLayer(WeightedOperator Operator, WeightQuantisation Weights, float[]? Bias);

/// <summary>
/// The quantised layers of a model in the order of its nodes. They go by the name of what they compute, so that they serve every copy of
/// the model.
/// </summary>
internal sealed class QuantisedLayers
{
    private readonly Dictionary<string, QuantisedLayer> _layers = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];

    /// <summary>Names of what the layers compute, in order.</summary>
    public IReadOnlyList<string> Outputs => _order;

    /// <summary>Quantises the weights of all layers that compute in integers, to the nearest ones.</summary>
    public static QuantisedLayers Of(OnnxModel model, QuantisationPlan plan, QuantisationOptions options)
    {
        var layers = new QuantisedLayers();
        foreach (var node in model.Graph.Node)
        {
            if (plan.Weights(node) is { } op)
            {
                var input = options.ScaleOf(plan.RangeOf(node.Input[0])).Scale;
                var weights = WeightQuantisation.Of(op.Weights, op.Axis, op.Bias, input, options.FormatOf(WeightTensor.NameOf(node)));
                layers._order.Add(node.Output[0]);
                layers._layers.Add(node.Output[0], new(op, weights, op.Bias));
            }
        }

        return layers;
    }

    /// <summary>The layer that computes a value.</summary>
    public QuantisedLayer this[string output] => _layers[output];

    /// <summary>The layer of a node; null for other nodes.</summary>
    public QuantisedLayer? Find(NodeProto node) => _layers.GetValueOrDefault(node.Output[0]);

    /// <summary>Gives a layer other integers.</summary>
    public void SetIntegers(string output, sbyte[] integers) =>
        _layers[output] = this[output] with { Weights = this[output].Weights with { Weights = integers } };

    /// <summary>Gives a layer another bias.</summary>
    public void SetBias(string output, float[] bias) => _layers[output] = this[output] with { Bias = bias };
}
