using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Graphs.Folding;

internal static class UniqueEvaluator
{
    /// <summary>The four outputs for a vector, without room for more; null for elements that evaluators do not compute with.</summary>
    public static Tensor[]? Evaluate(Unique op, Tensor x) =>
        Elements.AreFloat(x.Element) ? Evaluate(op, Elements.Doubles(x), kept => Elements.FromDoubles(Vector(x.Element, kept.Length), kept))
        : x.Element.IsInteger() || x.Element == ElementType.Bool
            ? Evaluate(op, x.ToLongs(), kept => Elements.FromLongs(Vector(x.Element, kept.Length), kept))
        : null;

    private static TensorType Vector(ElementType element, int length) => new(element, new(length));

    private static Tensor[]? Evaluate<T>(Unique op, T[] x, Func<T[], Tensor> toTensor)
        where T : notnull
    {
        var groups = x.Select((value, i) => (Value: value, Index: i)).GroupBy(e => e.Value).ToList();
        if (op.IsSorted)
        {
            groups = [.. groups.OrderBy(g => g.Key)];
        }

        var places = groups.Select((g, i) => (g.Key, Place: (long)i)).ToDictionary(p => p.Key, p => p.Place);
        return
        [
            toTensor([.. groups.Select(g => g.Key)]),
            Tensor.Longs([.. groups.Select(g => (long)g.First().Index)]),
            Tensor.Longs([.. x.Select(e => places[e])]),
            Tensor.Longs([.. groups.Select(g => (long)g.Count())]),
        ];
    }
}
