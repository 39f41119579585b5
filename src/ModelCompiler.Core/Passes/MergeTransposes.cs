using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes;

/// <summary>Turns two transpositions in a row into one, and into none where they undo each other.</summary>
internal sealed class MergeTransposes : RewritePass
{
    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit)
    {
        if (node.Operator is not Transpose transpose)
        {
            return false;
        }

        if (Permutations.IsIdentity(transpose.Permutation))
        {
            edit.Replace(node);
            edit.ReplaceUses(node.Output, node.Input(0));
            return true;
        }

        if (graph.Producer(node.Input(0)) is not { Operator: Transpose first } producer || edit.IsTouched(producer))
        {
            return false;
        }

        var merged = GraphEdit.NewNode(
            node,
            new Transpose(Permutations.Compose(first.Permutation, transpose.Permutation)),
            producer.Input(0)
        );
        edit.Replace(node, merged);
        edit.ReplaceUses(node.Output, merged.Output);
        return true;
    }
}
