using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Ml;

/// <summary>How a node of a tree compares a feature; the numbers are those of TreeEnsemble's attribute nodes_modes.</summary>
internal enum BranchMode
{
    LessOrEqual = 0,
    Less = 1,
    GreaterOrEqual = 2,
    Greater = 3,
    Equal = 4,
    NotEqual = 5,
    Member = 6,
    Leaf = 7,
}

/// <summary>A node of a tree as files describe it.</summary>
internal sealed class TreeNode
{
    public BranchMode Mode { get; init; } = BranchMode.Leaf;

    /// <summary>The feature that is compared.</summary>
    public int Feature { get; init; }

    /// <summary>What with: one value, or the members of a set.</summary>
    public double[] Values { get; init; } = [];

    /// <summary>Number of the node to go to where the comparison holds.</summary>
    public int True { get; init; }

    /// <summary>Number of the node to go to where it does not hold.</summary>
    public int False { get; init; }

    /// <summary>Whether NaN goes to <see cref="True"/>, whatever is compared.</summary>
    public bool MissingIsTrue { get; init; }

    /// <summary>What a leaf adds to the targets.</summary>
    public List<LeafWeight> Weights { get; } = [];
}
