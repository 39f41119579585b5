using ModelCompiler.Audio;
using ModelCompiler.Graphs;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Data;

/// <summary>
/// Items that a network is to give back as they are. They have no classes, and are not changed at random: what is to come out would
/// have to be changed alike.
/// </summary>
public sealed class ReconstructionItems : DataItems
{
    private readonly DataItems _items;
    private readonly Lazy<ItemInputs> _targets;

    /// <summary>Makes items of others, whose own targets are not looked at.</summary>
    public ReconstructionItems(DataItems items)
    {
        _items = items;
        _targets = new(() =>
            items.For([new ModelPort("target", new TensorType(ElementType.Float32, new TensorShape(items.Shape.Prepend(1))))])
        );
    }

    /// <inheritdoc/>
    public override int Count => _items.Count;

    /// <inheritdoc/>
    public override TensorShape Shape => _items.Shape;

    /// <inheritdoc/>
    public override IReadOnlyList<string>? Groups => _items.Groups;

    /// <inheritdoc/>
    public override AudioFeatureOptions? Audio => _items.Audio;

    /// <inheritdoc/>
    public override TensorType? TargetType => new(ElementType.Float32, Shape);

    /// <summary>The same of both parts of a data set.</summary>
    public static DataSet Of(DataSet set) =>
        new(() => new ReconstructionItems(set.Training), () => set.Test is { } test ? new ReconstructionItems(test) : null);

    /// <inheritdoc/>
    public override Array Target(int item) => _targets.Value(item)[0].Elements;

    /// <inheritdoc/>
    public override ItemInputs For(IReadOnlyList<ModelPort> inputs)
    {
        var read = _items.For(inputs);
        return (item, _) => read(item);
    }
}
