using System.Globalization;
using ModelCompiler.Compression.Data;

namespace ModelCompiler.Compression.Anomalies;

/// <summary>Which items are anomalous, as the data say it.</summary>
public static class KnownAnomalies
{
    /// <summary>
    /// Whether each item is anomalous: of another class than the normal one, where a single number of 0 or 1 is a class too. Null where
    /// the data say nothing of their items.
    /// </summary>
    /// <param name="items">The items.</param>
    /// <param name="normal">Name or number of the class of normal items; null for number 0, where classes have no names.</param>
    /// <exception cref="CompressionException">There is no such class, or targets are other numbers.</exception>
    public static IReadOnlyList<bool>? Of(DataItems items, string? normal)
    {
        if (items.Labels is null && items.TargetType is null)
        {
            return normal is null
                ? null
                : throw new CompressionException($"nothing says the class of an item, so that none can be the normal one, '{normal}'");
        }

        var number = NumberOf(items, normal);
        return [.. Enumerable.Range(0, items.Count).Select(i => ClassOf(items, i) != number)];
    }

    private static long NumberOf(DataItems items, string? normal)
    {
        if (items.ClassNames is { } names)
        {
            return normal is not null && names.ToList().IndexOf(normal) is >= 0 and var named
                ? named
                : throw new CompressionException(
                    $"the classes are {string.Join(", ", names.Take(20))}; {(normal is null ? "nothing says which of them is normal" : $"none of them is '{normal}'")}"
                );
        }

        return long.TryParse(normal ?? "0", NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new CompressionException($"classes are numbers here, and '{normal}' is none");
    }

    private static long ClassOf(DataItems items, int item)
    {
        if (items.Labels is { } labels)
        {
            return labels[item];
        }

        return
            items.Target(item) is { Length: 1 } target
            && Convert.ToDouble(target.GetValue(0), CultureInfo.InvariantCulture) is (0 or 1) and var number
            ? (long)number
            : throw new CompressionException(
                $"what the data say of item {item + 1} is neither a class nor 0 (normal) or 1 (anomalous); its target is {items.TargetType}"
            );
    }
}
