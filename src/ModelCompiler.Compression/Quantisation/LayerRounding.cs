using Google.Protobuf;
using ModelCompiler.Compression.Calibration;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Quantisation;

/// <summary>Chooses for each weight of a layer one of the two integers around it.</summary>
public interface IWeightRounding
{
    /// <summary>Most samples of which a layer's inputs and outputs are wanted.</summary>
    int Samples { get; }

    /// <summary>Rounds the weights of one layer.</summary>
    /// <returns>The integers, in the order of the weights, within the task's bounds.</returns>
    sbyte[] Round(RoundingTask task, CancellationToken cancellation);
}

/// <summary>What a rounding of weights works with.</summary>
/// <param name="Layer">Name of the layer.</param>
/// <param name="Nearest">The nearest integers.</param>
/// <param name="Quotients">The weights over their scales, plus the zero point: between which integers each lies.</param>
/// <param name="Scales">The scale of each weight.</param>
/// <param name="ZeroPoint">The integer that stands for 0.</param>
/// <param name="Bounds">Lowest and highest integer.</param>
/// <param name="Inputs">The layer's input for each sample, as the quantised layers before it give it.</param>
/// <param name="Targets">What the layer gives in the float model, behind the activation that bounds it, for the same samples.</param>
public sealed record RoundingTask(
    string Layer,
    sbyte[] Nearest,
    float[] Quotients,
    float[] Scales,
    int ZeroPoint,
    (int Lowest, int Highest) Bounds,
    IReadOnlyList<NamedTensor> Inputs,
    IReadOnlyList<NamedTensor> Targets
)
{
    /// <summary>Shape of the weights.</summary>
    public required TensorShape WeightShape { get; init; }

    /// <summary>A float model of the layer alone, with its bias and the activation that bounds it, for a number of samples.</summary>
    /// <returns>Content of an ONNX file with the inputs <c>x</c> and <c>weights</c>, and one output.</returns>
    public required Func<int, byte[]> ModelOf { get; init; }
}

/// <summary>
/// Rounds layer by layer in the order of the model. A layer's inputs are what the layers before it give with the integers that were chosen
/// for them (the asymmetric reconstruction of AdaRound), and its targets what it gives in float, so that it makes up for their errors too.
/// </summary>
internal static class LayerRounding
{
    // Of inputs and outputs of one layer; of larger ones fewer samples are taken.
    private const long MaxBytes = 256L << 20;

    public static void Apply(
        OnnxModel model,
        IReadOnlyDictionary<string, ValueStatistics> statistics,
        QuantisedLayers layers,
        QuantisationOptions options,
        IEnumerable<IReadOnlyList<NamedTensor>> samples,
        Action? progress,
        CancellationToken cancellation
    )
    {
        var rounding = options.Rounding!;
        var original = model.Proto.ToByteArray();
        var plan = QuantisationPlan.Of(model, statistics);
        var taken = samples.Take(rounding.Samples).ToList();
        foreach (var output in layers.Outputs)
        {
            var node = model.Producer(output)!;
            var bound = plan.Bound(node);
            using var float32 = new OnnxRuntimeOracle(WithOutput(OnnxModel.Read(Source(original)), (bound ?? node).Output[0]));
            var targets = Limited(taken.Select(s => Only(float32, s)), cancellation);
            using var prefix = new OnnxRuntimeOracle(QuantisedUpTo(original, output, statistics, layers, options));
            var inputs = Limited(taken.Select(s => Only(prefix, s)), cancellation);
            var count = Math.Min(inputs.Count, targets.Count);
            var task = TaskOf(model, layers[output], bound, inputs[..count], targets[..count]);
            layers.SetIntegers(output, rounding.Round(task, cancellation));
            progress?.Invoke();
        }
    }

    private static RoundingTask TaskOf(
        OnnxModel model,
        QuantisedLayer layer,
        NodeProto? bound,
        List<NamedTensor> inputs,
        List<NamedTensor> targets
    )
    {
        var (op, weights) = (layer.Operator, layer.Weights);
        var (shape, reals) = (op.Weights.Shape, op.Weights.ToFloats());
        var inner = shape.Product(op.Axis + 1, shape.Rank);
        float[] scales = [.. reals.Select((_, i) => weights.Scales[i / inner % weights.Scales.Length])];
        float[] quotients = [.. reals.Select((w, i) => (w / scales[i]) + weights.ZeroPoint)];
        return new(
            WeightTensor.NameOf(op.Node),
            weights.Weights,
            quotients,
            scales,
            weights.ZeroPoint,
            (weights.Format.Lowest, weights.Format.Highest),
            inputs,
            targets
        )
        {
            WeightShape = shape,
            ModelOf = count => Alone(model, op.Node, bound, shape, inputs[0].Type.Shape, count),
        };
    }

    /// <summary>The layer with what bounds it as a model of its own.</summary>
    private static byte[] Alone(OnnxModel model, NodeProto node, NodeProto? bound, TensorShape weights, TensorShape input, int count)
    {
        var alone = OnnxMessages.Model("layer", (int)model.Opset);
        var graph = alone.Graph;
        TensorShape batch = new([input[0] * count, .. input.Skip(1)]);
        graph.Input.Add(OnnxMessages.Port("x", new TensorType(ElementType.Float32, batch)));
        graph.Input.Add(OnnxMessages.Port("weights", new TensorType(ElementType.Float32, weights)));
        var layer = node.Clone();
        (layer.Input[0], layer.Input[1]) = ("x", "weights");
        graph.Node.Add(layer);
        if (bound is not null)
        {
            graph.Node.Add(bound.Clone());
        }

        var constants = graph.Node.SelectMany(n => n.Input).Where(i => i.Length > 0).Distinct().ToHashSet(StringComparer.Ordinal);
        graph.Initializer.AddRange(model.Graph.Initializer.Where(i => constants.Contains(i.Name)).Select(i => i.Clone()));
        // Without a type: it is inferred.
        graph.Output.Add(new ValueInfoProto { Name = graph.Node[^1].Output[0] });
        return alone.ToByteArray();
    }

    /// <summary>The quantised model, whose only output is the input of a layer.</summary>
    private static byte[] QuantisedUpTo(
        byte[] original,
        string layer,
        IReadOnlyDictionary<string, ValueStatistics> statistics,
        QuantisedLayers layers,
        QuantisationOptions options
    )
    {
        var copy = OnnxModel.Read(Source(original));
        // Its outputs get other names when it is written.
        var node = copy.Producer(layer)!;
        new QdqWriter(copy, QuantisationPlan.Of(copy, statistics), layers, options).Write();
        return WithOutput(copy, node.Input[0]);
    }

    private static byte[] WithOutput(OnnxModel model, string value)
    {
        model.Graph.ValueInfo.Clear();
        model.Graph.Output.Clear();
        model.Graph.Output.Add(new ValueInfoProto { Name = value });
        return model.Proto.ToByteArray();
    }

    private static NamedTensor Only(OnnxRuntimeOracle network, IReadOnlyList<NamedTensor> sample) => network.Run(sample)[0];

    /// <summary>As many values as there is memory for, and at least one.</summary>
    private static List<NamedTensor> Limited(IEnumerable<NamedTensor> values, CancellationToken cancellation)
    {
        var (taken, bytes) = (new List<NamedTensor>(), 0L);
        foreach (var value in values)
        {
            cancellation.ThrowIfCancellationRequested();
            bytes += (long)value.Type.Shape.Elements * sizeof(float);
            if (taken.Count > 0 && bytes > MaxBytes)
            {
                break;
            }

            taken.Add(value);
        }

        return taken;
    }

    private static ModelSource Source(byte[] model) => new("calibrated", model, _ => null);
}
