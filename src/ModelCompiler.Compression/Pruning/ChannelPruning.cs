using Google.Protobuf;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Compression.Pruning.Channels;

namespace ModelCompiler.Compression.Pruning;

/// <summary>How much a channel matters.</summary>
public enum ChannelCriterion
{
    /// <summary>The sum of its weights' magnitudes, relative to the other channels of its layer.</summary>
    L1,

    /// <summary>The root of the sum of its weights' squares, relative to the other channels of its layer.</summary>
    L2,

    /// <summary>The magnitude of its scale in the batch normalisation behind it; channels without one stay.</summary>
    BatchNormalization,

    /// <summary>The sum of given importances of its weights, relative to the other channels of its layer.</summary>
    Given,
}

/// <summary>Choices for <see cref="ChannelPruning"/>.</summary>
/// <param name="Amount">The share of the channels that goes, 0 to 1; with <see cref="PruningScope.Threshold"/> the least score that stays.</param>
public sealed record ChannelPruningOptions(double Amount)
{
    /// <summary>Of what the amount is a share.</summary>
    public PruningScope Scope { get; init; } = PruningScope.Layer;

    /// <summary>How channels are weighed.</summary>
    public ChannelCriterion Criterion { get; init; } = ChannelCriterion.L1;

    /// <summary>How much weights matter, for <see cref="ChannelCriterion.Given"/>.</summary>
    public WeightImportance? Importance { get; init; }

    /// <summary>What is left of a layer is a multiple of this number of channels, where it loses any.</summary>
    public int Multiple { get; init; } = 1;

    /// <summary>Which layers may lose channels; channels that several layers share need all of them.</summary>
    public Func<string, bool> Layers { get; init; } = _ => true;

    /// <summary>Shares of single groups by the name of their first layer, in place of <see cref="Amount"/> where the scope is a layer.</summary>
    public IReadOnlyDictionary<string, double> LayerAmounts { get; init; } = new Dictionary<string, double>();

    /// <summary>Sizes of symbolic dimensions.</summary>
    public CompileOptions Compile { get; init; } = new();
}

/// <summary>Channels that the same layers compute, and how many are left.</summary>
/// <param name="Layers">Names of the layers.</param>
/// <param name="Before">Channels before.</param>
/// <param name="After">Channels after.</param>
public sealed record PrunedChannels(IReadOnlyList<string> Layers, int Before, int After);

/// <summary>A model with fewer channels.</summary>
/// <param name="Model">Content of the ONNX file.</param>
/// <param name="Groups">What can lose channels, and how many are left.</param>
public sealed record NarrowModel(byte[] Model, IReadOnlyList<PrunedChannels> Groups);

/// <summary>
/// Takes whole channels out of a network: out of the layer that computes them, of everything between that only passes them on, and of
/// the layers that read them, so that all tensors become smaller.
/// </summary>
public static class ChannelPruning
{
    /// <summary>Prunes a model, float or of integer weights behind DequantizeLinear.</summary>
    /// <exception cref="CompressionException">The model or the options cannot be used.</exception>
    public static NarrowModel Run(ModelSource source, ChannelPruningOptions options)
    {
        var (coupling, groups) = Plan(source, options);
        var removed = ChannelChoice.Of(coupling, groups, options);
        ChannelRemoval.Apply(coupling, removed.SelectMany(c => c.Slices));
        var pruned = coupling.Model.Proto.ToByteArray();
        Check(source, coupling, pruned, options);
        return new NarrowModel(
            pruned,
            [
                .. groups.Select(g => new PrunedChannels(
                    g.Layers,
                    g.Channels.Count * g.Width,
                    g.Channels.Count(c => !removed.Contains(c)) * g.Width
                )),
            ]
        );
    }

    /// <summary>The channels that can be removed.</summary>
    internal static (Coupling Coupling, IReadOnlyList<ChannelGroup> Groups) Plan(ModelSource source, ChannelPruningOptions options)
    {
        Check(options);
        var model = CompressibleModel.Read(source);
        QuantisationCoupling.Unshare(model);
        var coupling = Coupling.Of(model, ValueShapes.Of(model, source.Path, options.Compile));
        var groups = ChannelGroup
            .Of(coupling, options.Criterion, options.Importance)
            .Where(g => g.Channels.Count > 1 && g.Layers.All(options.Layers))
            .ToList();
        return groups.Count > 0
            ? (coupling, groups)
            : throw new CompressionException(
                $"{source.Path}: no channel can be removed{(options.Criterion == ChannelCriterion.BatchNormalization ? " by the scale of a batch normalisation" : "")}"
            );
    }

    private static void Check(ChannelPruningOptions options)
    {
        foreach (var amount in options.LayerAmounts.Values.Append(options.Scope == PruningScope.Threshold ? 0 : options.Amount))
        {
            if (!(amount is >= 0 and <= 1))
            {
                throw new CompressionException($"a share of channels lies between 0 and 1, which {amount} does not");
            }
        }

        if (options.Multiple < 1)
        {
            throw new CompressionException($"channels are counted in multiples of at least 1, which {options.Multiple} is not");
        }

        if (options.Criterion == ChannelCriterion.Given && options.Importance is null)
        {
            throw new CompressionException("there are no importances to weigh channels by");
        }
    }

    /// <summary>Holds the rules to account: whatever they overlook must not become a broken file.</summary>
    private static void Check(ModelSource source, Coupling coupling, byte[] pruned, ChannelPruningOptions options)
    {
        var result = OnnxModel.Read(new ModelSource(source.Path, pruned, _ => null));
        var shapes = ValueShapes.Of(result, source.Path, options.Compile);
        foreach (var output in result.Graph.Output)
        {
            if (shapes.Find(output.Name) != coupling.Shape(output.Name))
            {
                throw new CompressionException(
                    $"{source.Path}: without the channels output '{output.Name}' would have the shape {shapes.Find(output.Name)} in place of {coupling.Shape(output.Name)}"
                );
            }
        }
    }
}
