using System.Globalization;
using ModelCompiler.Audio;
using ModelCompiler.Graphs;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Data;

/// <summary>Gives an item as the inputs of the model that it was made for.</summary>
/// <param name="item">Number of the item, from 0.</param>
/// <param name="change">What is done to the item before it becomes numbers, where it is an image or a sound; null for nothing.</param>
/// <exception cref="CompressionException">This item does not fit the model.</exception>
/// <exception cref="InvalidDataException">The item's file cannot be read.</exception>
public delegate IReadOnlyList<NamedTensor> ItemInputs(int item, IItemChange? change = null);

/// <summary>
/// Items of a data set, in whatever form people keep them: each a tensor for each input of a model, and what the model is to give for it,
/// where that is known.
/// </summary>
public abstract class DataItems
{
    /// <summary>Number of items.</summary>
    public abstract int Count { get; }

    /// <summary>What one item is, without a batch: channels, rows and columns of images, else as the data have it. Of several inputs, the first.</summary>
    /// <exception cref="CompressionException">Items differ.</exception>
    public abstract TensorShape Shape { get; }

    /// <summary>The features of sound that an item is, with the number of its frames; null where items are no sounds.</summary>
    public virtual AudioFeatureOptions? Audio => null;

    /// <summary>The class of each item, from 0; null where they have none.</summary>
    public virtual IReadOnlyList<long>? Labels => null;

    /// <summary>Names of the classes, in the order of their numbers; null where they have numbers only.</summary>
    public virtual IReadOnlyList<string>? ClassNames => null;

    /// <summary>What each item belongs to that a split must not tear apart, such as a speaker; null where that is not known.</summary>
    public virtual IReadOnlyList<string>? Groups => null;

    /// <summary>Element type and shape of what a model is to give for an item, where that is no class; null where there is nothing such.</summary>
    public virtual TensorType? TargetType => null;

    /// <summary>Number of classes: of the names, or one more than the highest; 0 without labels.</summary>
    public int Classes => ClassNames?.Count ?? (Labels is { Count: > 0 } labels ? (int)labels.Max() + 1 : 0);

    /// <summary>Elements of what a model is to give for an item, of <see cref="TargetType"/>.</summary>
    /// <exception cref="InvalidOperationException">There is nothing such.</exception>
    public virtual Array Target(int item) => throw new InvalidOperationException("these items have no targets");

    /// <summary>Checks that the items fit the inputs of a model, and gives what makes inputs of them.</summary>
    /// <param name="inputs">The inputs of one item: a dimension that counts items is 1.</param>
    /// <exception cref="CompressionException">They do not fit; the message names both shapes.</exception>
    public abstract ItemInputs For(IReadOnlyList<ModelPort> inputs);

    /// <summary>Some of the items, in this order.</summary>
    public DataItems Subset(IReadOnlyList<int> which) => new ItemSubset(this, which);

    /// <summary>At most so many of the items, spread over the whole.</summary>
    public DataItems Spread(int count) =>
        count >= Count ? this : Subset([.. Enumerable.Range(0, count).Select(i => (int)((long)i * Count / count))]);

    /// <summary>All items as inputs of a model.</summary>
    public IReadOnlyList<IReadOnlyList<NamedTensor>> Samples(IReadOnlyList<ModelPort> inputs)
    {
        var read = For(inputs);
        return [.. Enumerable.Range(0, Count).Select(i => read(i))];
    }

    /// <summary>The classes as numbers, where an array or a column holds one whole number of at least 0 an item.</summary>
    internal static IReadOnlyList<long>? LabelsOf(Array elements, int items)
    {
        if (elements is float[] or double[] or bool[] || elements.Length != items)
        {
            return null;
        }

        long[] labels = [.. elements.Cast<object>().Select(l => Convert.ToInt64(l, CultureInfo.InvariantCulture))];
        return Array.Find(labels, l => l is < 0 or > int.MaxValue - 1) is not 0 and var wrong
            ? throw new CompressionException($"a class is a number from 0; the data have {wrong}")
            : labels;
    }
}
