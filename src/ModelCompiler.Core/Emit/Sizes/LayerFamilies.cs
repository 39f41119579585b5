using System.Globalization;

namespace ModelCompiler.Emit;

/// <summary>
/// Methods of one layer for several sizes that differ in numbers alone, made into one whose numbers are parameters. That is done for
/// each variant by itself, because tiles that fit a size with one instruction set do not with another; then methods that call the same
/// variants are one as well. The first of them gives its name.
/// </summary>
internal sealed class LayerFamilies
{
    private readonly Dictionary<LayerMethod, (LayerMethod Method, IReadOnlyList<int> Numbers)> _families = [];

    /// <param name="methods">The methods.</param>
    /// <param name="inner">Those that others call, whose bodies name them as they are.</param>
    public LayerFamilies(IReadOnlyCollection<LayerMethod> methods, ICollection<LayerMethod> inner)
    {
        var members = methods.Where(m => !inner.Contains(m)).Select(m => new Member(m, new Variant[m.Variants.Count])).ToArray();
        for (var v = 0; v < members.Select(m => m.Variants.Length).DefaultIfEmpty().Max(); v++)
        {
            foreach (var family in members.Where(m => v < m.Variants.Length).GroupBy(m => m.KeyOf(v), StringComparer.Ordinal))
            {
                MergeVariants([.. family], v);
            }
        }

        foreach (var family in members.GroupBy(m => m.Key, StringComparer.Ordinal))
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

    private static void MergeVariants(Member[] family, int variant)
    {
        var texts = family.Select(m => NumberedText.Of(m.BodyOf(variant))).ToArray();
        var columns = new NumberColumns(texts.Select(t => t.Numbers).ToArray());
        var first = family[0].Method.Variants[variant].Variant;
        var merged = first with
        {
            Parameters = LayerMethod.Joined(first.Parameters, columns.Names.Select(n => "int " + n)),
            Body = texts[0].With([.. columns.ColumnOf.Select(c => c is { } column ? columns.Names[column] : null)]),
        };
        for (var i = 0; i < family.Length; i++)
        {
            family[i].Variants[variant] = new(merged, [.. columns.Columns.Select(c => c[i])]);
        }
    }

    private void Merge(Member[] family)
    {
        var (first, place) = (family[0], 0);
        var columns = new NumberColumns(family.Select(m => m.Variants.SelectMany(v => v.Numbers).ToArray()).ToArray());
        var merged = first.Method.With(
            columns.Names,
            [.. first.Variants.Select(v => (v.Merged, (IEnumerable<string>)[.. v.Numbers.Select(n => Argument(n, place++))]))]
        );
        merged.Layers.Clear();
        merged.Layers.AddRange(family.SelectMany(m => m.Method.Layers).Distinct(StringComparer.Ordinal));
        for (var i = 0; i < family.Length; i++)
        {
            _families.Add(family[i].Method, (merged, [.. columns.Columns.Select(c => c[i])]));
        }

        string Argument(int number, int index) =>
            columns.ColumnOf[index] is { } column ? columns.Names[column] : number.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>A method that may have a family.</summary>
    /// <param name="Method">The method.</param>
    /// <param name="Variants">What its variants are merged into.</param>
    private sealed record Member(LayerMethod Method, Variant[] Variants)
    {
        /// <summary>Equal for methods that call the same variants.</summary>
        public string Key => string.Join("\n", [Method.Layers[0], Method.Signature, .. Variants.Select(v => v.Merged.Name)]);

        public string BodyOf(int variant) => Method.Variants[variant].Variant.Body;

        /// <summary>Equal for methods of which a variant differs in numbers alone.</summary>
        public string KeyOf(int variant) =>
            string.Join("\n", [Method.Layers[0], Method.Signature, NumberedText.Of(BodyOf(variant)).Skeleton]);
    }

    /// <summary>The variant that serves in place of another, and the numbers that it has to be given for that.</summary>
    private readonly record struct Variant(LayerVariant Merged, IReadOnlyList<int> Numbers);
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

    /// <summary>What parameters for the columns are called.</summary>
    public IReadOnlyList<string> Names => [.. Columns.Select((_, i) => $"number{i}")];

    /// <summary>For each number of a text its column; null where it is the same in all.</summary>
    public IReadOnlyList<int?> ColumnOf { get; }
}
