namespace ModelCompiler.Emit;

/// <summary>
/// Methods of one layer for several sizes that differ in numbers alone, made into one whose numbers are parameters. The first of them
/// gives its name.
/// </summary>
internal sealed class LayerFamilies
{
    private readonly Dictionary<LayerMethod, (LayerMethod Method, IReadOnlyList<int> Numbers)> _families = [];

    /// <param name="methods">The methods.</param>
    /// <param name="inner">Those that others call, whose bodies name them as they are.</param>
    public LayerFamilies(IEnumerable<LayerMethod> methods, ICollection<LayerMethod> inner)
    {
        var texts = methods.Where(m => !inner.Contains(m)).Select(m => new Member(m, [.. m.Bodies.Select(NumberedText.Of)])).ToArray();
        foreach (var family in texts.GroupBy(m => m.Key, StringComparer.Ordinal))
        {
            Merge([.. family]);
        }

        Methods = [.. methods.Select(m => _families.TryGetValue(m, out var family) ? family.Method : m).Distinct()];
    }

    /// <summary>The methods that are left.</summary>
    public IReadOnlyList<LayerMethod> Methods { get; }

    /// <summary>The method that serves in place of another, with the numbers that it has to be given for that.</summary>
    public (LayerMethod Method, IReadOnlyList<int> Numbers) Of(LayerMethod method) =>
        _families.TryGetValue(method, out var family) ? family : (method, []);

    private void Merge(Member[] family)
    {
        var parameters = new NumberColumns(family.Select(m => m.Numbers).ToArray());
        if (parameters.Columns.Count == 0)
        {
            return;
        }

        var first = family[0];
        var (bodies, number) = (new List<string>(), 0);
        foreach (var text in first.Texts)
        {
            bodies.Add(text.With([.. text.Numbers.Select(_ => parameters.ColumnOf[number++] is { } column ? $"number{column}" : null)]));
        }

        var merged = first.Method.With([.. parameters.Columns.Select((_, i) => $"number{i}")], bodies);
        merged.Layers.Clear();
        merged.Layers.AddRange(family.SelectMany(m => m.Method.Layers).Distinct(StringComparer.Ordinal));
        for (var i = 0; i < family.Length; i++)
        {
            _families.Add(family[i].Method, (merged, [.. parameters.Columns.Select(c => c[i])]));
        }
    }

    private sealed record Member(LayerMethod Method, NumberedText[] Texts)
    {
        public string Key => string.Join("\n", [Method.Layers[0], Method.Signature, .. Texts.Select(t => t.Skeleton)]);

        public int[] Numbers => [.. Texts.SelectMany(t => t.Numbers)];
    }
}

/// <summary>Numbers of several texts that are alike: which of them differ, each kind of difference once.</summary>
internal sealed class NumberColumns
{
    /// <param name="texts">The numbers of each text.</param>
    public NumberColumns(IReadOnlyList<IReadOnlyList<int>> texts)
    {
        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        var (columns, columnOf) = (new List<IReadOnlyList<int>>(), new int?[texts[0].Count]);
        for (var i = 0; i < columnOf.Length; i++)
        {
            var column = texts.Select(t => t[i]).ToArray();
            if (column.All(n => n == column[0]))
            {
                continue;
            }

            var key = string.Join(",", column);
            if (!known.TryGetValue(key, out var index))
            {
                known.Add(key, index = columns.Count);
                columns.Add(column);
            }

            columnOf[i] = index;
        }

        (Columns, ColumnOf) = (columns, columnOf);
    }

    /// <summary>The values of each number that differs, in the order of the texts.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Columns { get; }

    /// <summary>For each number of a text its column; null where it is the same in all.</summary>
    public IReadOnlyList<int?> ColumnOf { get; }
}
