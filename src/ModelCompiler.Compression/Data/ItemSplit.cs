namespace ModelCompiler.Compression.Data;

/// <summary>Which items are learnt from, and which are held back for choices; both the same for the same data and seed.</summary>
/// <param name="Learning">To learn from.</param>
/// <param name="Validation">To choose by.</param>
public sealed record ItemSplit(IReadOnlyList<int> Learning, IReadOnlyList<int> Validation)
{
    /// <summary>The part that is held back where the user says nothing.</summary>
    public const double DefaultPart = 1.0 / 12;

    /// <summary>
    /// Splits items. Of each class the same share is held back, as far as numbers go, and one item at least is learnt from; with groups,
    /// whole groups are held back instead: as many, in an order that the seed decides, as come nearest to the share.
    /// </summary>
    /// <param name="items">The items.</param>
    /// <param name="part">The share that is held back, more than 0 and less than 1.</param>
    /// <param name="seed">Decides which.</param>
    /// <param name="least">Fewest items on either side.</param>
    /// <exception cref="CompressionException">There are too few items, or too few groups.</exception>
    public static ItemSplit Of(DataItems items, double part, int seed, int least = 1)
    {
        var order = Enumerable.Range(0, items.Count).ToArray();
        new Random(seed).Shuffle(order);
        var wanted = Math.Max((int)Math.Round(items.Count * part), least);
        if (items.Count - wanted < least)
        {
            throw new CompressionException(
                $"there are {items.Count} items, of which {wanted} are held back to choose by; that leaves none to learn from"
            );
        }

        var held =
            items.Groups is { } groups ? OfGroups(order, groups, wanted)
            : items.Labels is { } labels ? OfClasses(order, labels, wanted)
            : order[..wanted].ToHashSet();
        return new([.. order.Where(i => !held.Contains(i))], [.. order.Where(held.Contains)]);
    }

    private static HashSet<int> OfClasses(int[] order, IReadOnlyList<long> labels, int wanted)
    {
        var classes = order.GroupBy(i => labels[i]).OrderBy(c => c.Key).Select(c => c.ToList()).ToList();
        var shares = classes.Select(c => (double)c.Count * wanted / order.Length).ToList();
        var counts = shares.Select((s, c) => Math.Min((int)s, classes[c].Count - 1)).ToList();
        // What rounding down leaves goes to those that lost most by it; where classes have single items only, to any.
        foreach (var c in Enumerable.Range(0, classes.Count).OrderByDescending(c => shares[c] - counts[c]))
        {
            if (counts.Sum() < wanted && counts[c] < classes[c].Count - 1)
            {
                counts[c]++;
            }
        }

        var held = classes.SelectMany((c, i) => c.Take(counts[i])).ToHashSet();
        held.UnionWith(order.Where(i => !held.Contains(i)).Take(wanted - held.Count));
        return held;
    }

    private static HashSet<int> OfGroups(int[] order, IReadOnlyList<string> groups, int wanted)
    {
        var held = new HashSet<int>();
        var all = order.GroupBy(i => groups[i]).Select(g => g.ToList()).ToList();
        if (all.Count < 2)
        {
            throw new CompressionException($"all items are of the group '{groups[0]}'; a split that keeps groups together needs two");
        }

        foreach (var group in all.SkipLast(1))
        {
            if (held.Count == 0 || Math.Abs(held.Count + group.Count - wanted) < Math.Abs(held.Count - wanted))
            {
                held.UnionWith(group);
            }
        }

        return held;
    }
}
