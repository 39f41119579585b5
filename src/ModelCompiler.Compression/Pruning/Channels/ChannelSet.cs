using System.Numerics.Tensors;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using Tensor = ModelCompiler.Graphs.Tensor;

namespace ModelCompiler.Compression.Pruning.Channels;

/// <summary>Slices of tensors that are one channel of the network: they go together.</summary>
/// <param name="Slices">All of them, of values and of constants.</param>
/// <param name="Makers">Those of the weights that compute the channel.</param>
/// <param name="Score">How much it matters, beside the others.</param>
internal sealed record ChannelSet(IReadOnlyList<Slice> Slices, IReadOnlyList<Slice> Makers, double Score);

/// <summary>Channels that the same layers compute.</summary>
/// <param name="Layers">Names of these layers.</param>
/// <param name="Channels">The channels, in their order.</param>
/// <param name="Width">How many channels of the first layer go with each.</param>
internal sealed record ChannelGroup(IReadOnlyList<string> Layers, IReadOnlyList<ChannelSet> Channels, int Width)
{
    /// <summary>What the group is called: its first layer.</summary>
    public string Name => Layers[0];

    /// <summary>The groups of a model, in the order of its constants.</summary>
    /// <param name="coupling">What goes together.</param>
    /// <param name="criterion">How channels are weighed.</param>
    /// <param name="importance">How much weights matter, for <see cref="ChannelCriterion.Given"/>.</param>
    public static IReadOnlyList<ChannelGroup> Of(Coupling coupling, ChannelCriterion criterion, WeightImportance? importance)
    {
        var layers = WeightTensor.AllOf(coupling.Model).ToDictionary(w => w.Name, StringComparer.Ordinal);
        var scores = new ChannelScores(coupling, criterion, importance, layers);
        return
        [
            .. coupling
                .Units.Removable()
                .Select(slices => (Slices: slices, Makers: slices.Where(s => coupling.IsProduced(s.Tensor, s.Axis)).ToList()))
                .Where(c => c.Makers.Count > 0)
                .Select(c => (Channel: c, Score: scores.Of(c.Slices, c.Makers)))
                .Where(c => c.Score is not null)
                .Select(c => new ChannelSet(c.Channel.Slices, c.Channel.Makers, c.Score!.Value))
                .GroupBy(c => string.Join('\n', c.Makers.Select(m => $"{m.Axis} {m.Tensor}").Distinct()), StringComparer.Ordinal)
                .Select(g => new ChannelGroup(
                    [.. g.First().Makers.Select(m => layers.TryGetValue(m.Tensor, out var l) ? l.Layer : m.Tensor).Distinct()],
                    [.. g],
                    g.First().Makers.Count(m => m.Tensor == g.First().Makers[0].Tensor)
                )),
        ];
    }
}

/// <summary>Weighs channels: the mean over the layers that compute one, each of which counts relative to its own channels.</summary>
internal sealed class ChannelScores(
    Coupling coupling,
    ChannelCriterion criterion,
    WeightImportance? importance,
    IReadOnlyDictionary<string, WeightTensor> layers
)
{
    private readonly Dictionary<(string Tensor, int Axis), double[]?> _norms = [];

    /// <summary>Null where nothing tells, so that the channel stays.</summary>
    public double? Of(IEnumerable<Slice> slices, IEnumerable<Slice> makers)
    {
        var weighed = criterion == ChannelCriterion.BatchNormalization ? slices.Where(s => coupling.IsScale(s.Tensor)) : makers;
        var scores = weighed.Select(s => NormsOf(s.Tensor, s.Axis) is { } norms ? norms[s.Index] : (double?)null).ToList();
        return scores.Count == 0 || scores.Contains(null) ? null : scores.Average();
    }

    private double[]? NormsOf(string tensor, int axis)
    {
        if (!_norms.TryGetValue((tensor, axis), out var norms))
        {
            norms = Compute(tensor, axis);
            _norms.Add((tensor, axis), norms);
        }

        return norms;
    }

    private double[]? Compute(string name, int axis)
    {
        var constant = layers.TryGetValue(name, out var weight) ? weight.Weights : coupling.Model.Constant(name);
        if (constant is not { Element: ElementType.Float32 } tensor)
        {
            return null;
        }

        switch (criterion)
        {
            case ChannelCriterion.BatchNormalization:
                // Not relative: that scales of different layers can be compared is what this criterion lives by.
                return [.. tensor.ToFloats().Select(s => (double)Math.Abs(s))];
            case ChannelCriterion.Given:
                return weight is not null && importance!(weight) is { } given
                    ? Relative(Sums(Tensor.Floats(tensor.Shape, given), axis, TensorPrimitives.Sum))
                    : null;
            case ChannelCriterion.L2:
                return Relative([.. Sums(tensor, axis, TensorPrimitives.SumOfSquares).Select(Math.Sqrt)]);
            default:
                return Relative(Sums(tensor, axis, TensorPrimitives.SumOfMagnitudes));
        }
    }

    private static double[] Sums(Tensor tensor, int axis, SumOfRow sum)
    {
        var shape = tensor.Shape;
        var inner = shape.Product(axis + 1, shape.Rank);
        var elements = tensor.As<float>();
        var sums = new double[shape[axis]];
        for (var row = 0; row < shape.Product(0, axis + 1); row++)
        {
            sums[row % sums.Length] += sum(elements.Slice(row * inner, inner));
        }

        return sums;
    }

    private static double[] Relative(double[] norms)
    {
        var mean = norms.Average();
        return mean > 0 ? [.. norms.Select(n => n / mean)] : norms;
    }

    private delegate float SumOfRow(ReadOnlySpan<float> row);
}
