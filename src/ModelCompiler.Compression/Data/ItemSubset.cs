using ModelCompiler.Audio;
using ModelCompiler.Graphs;

namespace ModelCompiler.Compression.Data;

/// <summary>Some items of others.</summary>
internal sealed class ItemSubset(DataItems items, IReadOnlyList<int> which) : DataItems
{
    public override int Count => which.Count;

    public override TensorShape Shape => items.Shape;

    public override AudioFeatureOptions? Audio => items.Audio;

    public override IReadOnlyList<long>? Labels { get; } = Of(items.Labels, which);

    public override IReadOnlyList<string>? ClassNames => items.ClassNames;

    public override IReadOnlyList<string>? Groups { get; } = Of(items.Groups, which);

    public override TensorType? TargetType => items.TargetType;

    public override Array Target(int item) => items.Target(which[item]);

    public override ItemInputs For(IReadOnlyList<ModelPort> inputs)
    {
        var read = items.For(inputs);
        return (item, change) => read(which[item], change);
    }

    private static T[]? Of<T>(IReadOnlyList<T>? all, IReadOnlyList<int> which) => all is null ? null : [.. which.Select(i => all[i])];
}
