using ModelCompiler.Graphs;

namespace ModelCompiler.Compression.Clustering;

/// <summary>Weights as indices into few values.</summary>
/// <param name="Indices">One index a weight, in the order of the tensor.</param>
/// <param name="Values">The values, a row for each channel, or one row for all.</param>
/// <param name="Entries">Values in a row; where a channel needs fewer, its last one is repeated.</param>
internal sealed record CodeBook(byte[] Indices, float[] Values, int Entries)
{
    /// <summary>Rows of values.</summary>
    public int Rows => Values.Length / Entries;

    /// <summary>Makes a code book.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="shape">Their shape.</param>
    /// <param name="axis">The dimension whose places each have values of their own; null for one row.</param>
    /// <param name="options">How many values, and where they start.</param>
    /// <param name="whole">Whether the values are whole numbers, as the weights then are.</param>
    public static CodeBook Of(ReadOnlySpan<float> weights, TensorShape shape, int? axis, ClusteringOptions options, bool whole = false)
    {
        var rows = axis is { } channels ? shape[channels] : 1;
        var inner = axis is { } a ? shape.Product(a + 1, shape.Rank) : weights.Length;
        var members = new List<float>[rows];
        for (var row = 0; row < rows; row++)
        {
            members[row] = new List<float>(weights.Length / rows);
        }

        for (var i = 0; i < weights.Length; i++)
        {
            members[i / inner % rows].Add(weights[i]);
        }

        var centres = members.Select(m => Centres([.. m], options, whole)).ToArray();
        var entries = centres.Max(c => c.Length);
        var indices = new byte[weights.Length];
        for (var i = 0; i < weights.Length; i++)
        {
            indices[i] = (byte)IndexOf(centres[i / inner % rows], weights[i]);
        }

        return new CodeBook(indices, [.. centres.SelectMany(c => c.Concat(Enumerable.Repeat(c[^1], entries - c.Length)))], entries);
    }

    /// <summary>The values that stand for the weights of a channel: where some are zero, zero is one of them and stands for these alone.</summary>
    private static float[] Centres(float[] weights, ClusteringOptions options, bool whole)
    {
        var others = weights.Where(w => w != 0).ToArray();
        var hasZeros = others.Length < weights.Length;
        if (others.Length == 0)
        {
            return [0];
        }

        var centres = OneDimensionalKMeans.Centres(
            others,
            Math.Max(options.Clusters - (hasZeros ? 1 : 0), 1),
            options.Initialisation,
            options.Seed
        );
        if (whole)
        {
            centres = [.. centres.Select(Whole).Distinct()];
        }

        return hasZeros ? [.. centres.Append(0).Distinct().Order()] : centres;
    }

    /// <summary>The nearest whole number; but for zero, which is for zeros alone.</summary>
    private static float Whole(float centre) =>
        MathF.Round(centre) is var nearest && nearest != 0 ? nearest
        : centre < 0 ? -1
        : 1;

    private static int IndexOf(float[] centres, float weight)
    {
        var nearest = OneDimensionalKMeans.Nearest(centres, weight);
        if (weight == 0 || centres[nearest] != 0 || centres.Length == 1)
        {
            return nearest;
        }

        // Zero is for zeros: what was kept by pruning stays, at the next value on its own side where there is one.
        var neighbour = nearest + Math.Sign(weight);
        return neighbour >= 0 && neighbour < centres.Length ? neighbour : nearest - Math.Sign(weight);
    }
}
