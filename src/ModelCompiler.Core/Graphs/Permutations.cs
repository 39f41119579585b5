namespace ModelCompiler.Graphs;

/// <summary>Orders of dimensions, as Transpose has them: dimension i of the output is dimension permutation[i] of the input.</summary>
public static class Permutations
{
    /// <summary>From [batch, channels, spatial…] to [batch, spatial…, channels].</summary>
    public static EquatableArray<int> ToChannelsLast(int rank) => (int[])[0, .. Enumerable.Range(2, rank - 2), 1];

    /// <summary>From [batch, spatial…, channels] to [batch, channels, spatial…].</summary>
    public static EquatableArray<int> ToChannelsFirst(int rank) => (int[])[0, rank - 1, .. Enumerable.Range(1, rank - 2)];

    /// <summary>The permutation that undoes another.</summary>
    public static EquatableArray<int> Inverse(IReadOnlyList<int> permutation)
    {
        var inverse = new int[permutation.Count];
        for (var i = 0; i < inverse.Length; i++)
        {
            inverse[permutation[i]] = i;
        }

        return inverse;
    }

    /// <summary>The permutation that does the work of <paramref name="first"/> followed by <paramref name="second"/>.</summary>
    public static EquatableArray<int> Compose(IReadOnlyList<int> first, IReadOnlyList<int> second) =>
        second.Select(axis => first[axis]).ToArray();

    /// <summary>Whether every dimension stays where it is.</summary>
    public static bool IsIdentity(IReadOnlyList<int> permutation) => permutation.Select((axis, i) => axis == i).All(same => same);

    /// <summary>Whether the elements of a tensor of this shape stay in their order, because only dimensions of size 1 move.</summary>
    public static bool KeepsOrder(IReadOnlyList<int> permutation, TensorShape shape)
    {
        var last = -1;
        foreach (var axis in permutation.Where(axis => shape[axis] != 1))
        {
            if (axis < last)
            {
                return false;
            }

            last = axis;
        }

        return true;
    }

    /// <summary>Attributes with one entry a dimension, for the dimensions before a transposition: entry permutation[i] is entry i.</summary>
    public static EquatableArray<T> Before<T>(IReadOnlyList<int> permutation, IReadOnlyList<T> entries)
    {
        var result = new T[entries.Count];
        for (var i = 0; i < result.Length; i++)
        {
            result[permutation[i]] = entries[i];
        }

        return result;
    }
}
