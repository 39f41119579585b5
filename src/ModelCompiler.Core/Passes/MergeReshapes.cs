using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes;

/// <summary>Drops a Reshape that keeps the shape, and all but the last of several in a row.</summary>
internal sealed class MergeReshapes : RewritePass
{
    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit)
    {
        if (node.Operator is not Reshape reshape)
        {
            return false;
        }

        if (reshape.Shape == node.Input(0).Shape)
        {
            edit.Replace(node);
            edit.ReplaceUses(node.Output, node.Input(0));
            return true;
        }

        if (graph.Producer(node.Input(0)) is not { Operator: Reshape } producer)
        {
            return false;
        }

        var merged = GraphEdit.NewNode(node, reshape, producer.Input(0));
        edit.Replace(node, merged);
        edit.ReplaceUses(node.Output, merged.Output);
        return true;
    }
}
