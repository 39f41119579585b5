using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes;

/// <summary>
/// Gives every spatial operator its channels in the last dimension, with a transposition before and one behind it. Most of these
/// meet and cancel (<see cref="SinkTransposes"/>, <see cref="MergeTransposes"/>).
/// </summary>
internal sealed class ToChannelsLast : RewritePass
{
    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit)
    {
        if (node.Operator is not ISpatialOperator { Layout: DataLayout.ChannelsFirst } spatial)
        {
            return false;
        }

        var rank = node.Input(0).Shape.Rank;
        var before = GraphEdit.NewNode(node, new Transpose(Permutations.ToChannelsLast(rank)), node.Input(0));
        var moved = GraphEdit.NewNode(node, spatial.WithLayout(DataLayout.ChannelsLast), [before.Output, .. node.Inputs.Skip(1)]);
        var after = GraphEdit.NewNode(node, new Transpose(Permutations.ToChannelsFirst(rank)), moved.Output);
        edit.Replace(node, before, moved, after);
        edit.ReplaceUses(node.Output, after.Output);
        for (var i = 1; i < node.Outputs.Length; i++)
        {
            edit.ReplaceUses(node.Outputs[i], moved.Outputs[i]);
        }

        return true;
    }
}
