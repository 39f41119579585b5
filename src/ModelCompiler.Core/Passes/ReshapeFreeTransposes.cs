using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes;

/// <summary>Turns a transposition that moves only dimensions of size 1 into a Reshape, which is no code at all.</summary>
internal sealed class ReshapeFreeTransposes : RewritePass
{
    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit)
    {
        if (node.Operator is not Transpose transpose || !Permutations.KeepsOrder(transpose.Permutation, node.Input(0).Shape))
        {
            return false;
        }

        var reshape = GraphEdit.NewNode(node, new Reshape(node.Output.Shape), node.Input(0));
        edit.Replace(node, reshape);
        edit.ReplaceUses(node.Output, reshape.Output);
        return true;
    }
}
