namespace ModelCompiler.Compression.Quantisation;

/// <summary>Values that share one scale because operators between them only move or choose numbers: disjoint sets of names.</summary>
internal sealed class ScaleGroups
{
    private readonly Dictionary<string, string> _parents = new(StringComparer.Ordinal);

    /// <summary>The name that stands for a value's group.</summary>
    public string Of(string value)
    {
        while (_parents.TryGetValue(value, out var parent))
        {
            value = parent;
        }

        return value;
    }

    /// <summary>Makes one group of the groups of two values.</summary>
    public void Join(string first, string second)
    {
        var (root, other) = (Of(first), Of(second));
        if (root != other)
        {
            _parents.Add(other, root);
        }
    }
}
