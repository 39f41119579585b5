namespace ModelCompiler.Compression.Data;

/// <summary>Classes by name become numbers.</summary>
internal static class ClassNumbers
{
    /// <summary>The number of each item's class.</summary>
    /// <param name="classes">The name of each item's class.</param>
    /// <param name="names">All names, in the order of their numbers.</param>
    /// <param name="place">Says where an item is, for messages.</param>
    /// <exception cref="CompressionException">An item has a class that is not among them.</exception>
    public static IReadOnlyList<long> Of(IReadOnlyList<string> classes, IReadOnlyList<string> names, Func<int, string> place)
    {
        var numbers = names.Select((name, number) => (name, number)).ToDictionary(p => p.name, p => (long)p.number, StringComparer.Ordinal);
        return
        [
            .. classes.Select(
                (name, item) =>
                    numbers.TryGetValue(name, out var number)
                        ? number
                        : throw new CompressionException(
                            $"{place(item)} is of the class '{name}', which no item has that is learnt from; they are {string.Join(", ", names.Take(20))}"
                        )
            ),
        ];
    }
}
