using ModelCompiler.Graphs;

namespace ModelCompiler.Import.Onnx.Ml;

/// <summary>
/// What the nodes of TreeEnsemble (opset 5) compare with: one value each, and for those that ask for membership in a set the next
/// stretch of the attribute membership_values, which NaN ends.
/// </summary>
internal sealed class MemberLists(OnnxNode node)
{
    private readonly Tensor _modes = node.Tensor("nodes_modes") ?? throw new ShapeException("attribute 'nodes_modes' is missing");
    private readonly double[] _splits = TreeAttributes.Reals(node, "nodes_splits");
    private readonly double[] _members = TreeAttributes.Reals(node, "membership_values");
    private int _member;

    public BranchMode Mode(int index)
    {
        if (_modes.Element != ElementType.UInt8 || index >= _modes.Shape.Elements)
        {
            throw new ShapeException($"attribute 'nodes_modes' is {_modes.Type}; a byte for each node was expected");
        }

        var mode = (BranchMode)_modes.Bytes[index];
        return mode <= BranchMode.Member ? mode : throw node.Unsupported($"mode {(int)mode} is not supported; supported: 0 to 6");
    }

    /// <summary>The values of a node. Nodes are asked for in order.</summary>
    public double[] Next(int index, BranchMode mode)
    {
        if (mode != BranchMode.Member)
        {
            return index < _splits.Length
                ? [_splits[index]]
                : throw new ShapeException($"attribute 'nodes_splits' has {_splits.Length} entries; one for each node was expected");
        }

        var members = new List<double>();
        while (_member < _members.Length && !double.IsNaN(_members[_member]))
        {
            members.Add(_members[_member++]);
        }

        _member++;
        return [.. members];
    }
}
