namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// Decision trees whose every question is "x ≤ threshold?". The two successors of a node lie side by side, so that a step needs no
/// branch; a leaf is its own successor, so that steps beyond it do nothing.
/// </summary>
/// <param name="Depths">For each tree the steps that reach a leaf on every way. Tree i begins with node i.</param>
/// <param name="Nodes">All nodes.</param>
/// <param name="LeafBegins">For each leaf where its weights begin; one more entry says where the last ones end.</param>
/// <param name="Weights">The weights of all leaves.</param>
public sealed record Forest(
    EquatableArray<int> Depths,
    EquatableArray<ForestNode> Nodes,
    EquatableArray<int> LeafBegins,
    EquatableArray<LeafWeight> Weights
)
{
    /// <summary>The highest number of a feature that is asked for; −1 where there is none.</summary>
    public int LastFeature { get; } = Nodes.Select(n => n.Feature).DefaultIfEmpty(-1).Max();

    /// <summary>Number of leaves.</summary>
    public int Leaves => LeafBegins.Count - 1;

    /// <summary>Whether each leaf has exactly one weight.</summary>
    public bool HasOneWeightALeaf => Enumerable.Range(0, Leaves).All(leaf => LeafBegins[leaf + 1] == LeafBegins[leaf] + 1);

    /// <summary>Whether some node sends missing values (NaN) to where small ones go.</summary>
    public bool HasMissingBelow => Nodes.Any(n => n.MissingBelow);
}

/// <summary>One question, or a leaf.</summary>
/// <param name="Feature">The feature that is compared; 0 at a leaf.</param>
/// <param name="Threshold">What with; NaN at a leaf, which no number is less than.</param>
/// <param name="MissingBelow">Whether NaN goes where x ≤ threshold goes.</param>
/// <param name="Next">Where x &gt; threshold goes; the node behind is for x ≤ threshold.</param>
/// <param name="Leaf">Number of the leaf; −1 where there is none.</param>
public readonly record struct ForestNode(int Feature, double Threshold, bool MissingBelow, int Next, int Leaf);

/// <summary>What a leaf adds to one target.</summary>
/// <param name="Target">Number of the target.</param>
/// <param name="Weight">How much.</param>
public readonly record struct LeafWeight(int Target, double Weight);
