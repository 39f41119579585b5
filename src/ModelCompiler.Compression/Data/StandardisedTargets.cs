using System.Globalization;
using ModelCompiler.Audio;
using ModelCompiler.Graphs;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Data;

/// <summary>
/// Items whose targets are (target − mean) / deviation, for a network that is to give back what it sees: against targets as they were
/// measured, the channels of large numbers would be all that a loss counts.
/// </summary>
public sealed class StandardisedTargets : DataItems
{
    private readonly DataItems _items;
    private readonly ItemStatistics _statistics;

    private StandardisedTargets(DataItems items, ItemStatistics statistics) => (_items, _statistics) = (items, statistics);

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
    /// <param name="set">Items with targets in their own shape, and in the same units.</param>
    /// <param name="statistics">Mean and deviation of each channel of an item.</param>
    public static DataSet Of(DataSet set, ItemStatistics statistics) =>
        new(() => Of(set.Training, statistics), () => set.Test is { } test ? Of(test, statistics) : null);

    /// <inheritdoc/>
    public override Array Target(int item)
    {
        var measured = _items.Target(item);
        var size = measured.Length / _statistics.Means.Count;
        return measured
            .Cast<object>()
            .Select(
                (t, i) =>
                    (Convert.ToSingle(t, CultureInfo.InvariantCulture) - _statistics.Means[i / size]) / _statistics.Deviations[i / size]
            )
            .ToArray();
    }

    /// <inheritdoc/>
    public override ItemInputs For(IReadOnlyList<ModelPort> inputs) => _items.For(inputs);

    private static StandardisedTargets Of(DataItems items, ItemStatistics statistics) =>
        items.TargetType is { } target && target.Shape.Where(s => s != 1).SequenceEqual(items.Shape.Where(s => s != 1))
            ? new(items, statistics)
            : throw new CompressionException(
                $"a network that gives back what it takes needs targets of the items' shape {items.Shape}; those of the data are {items.TargetType?.ToString() ?? "classes, or none"}"
            );
}
