using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;

namespace ModelCompiler.Passes;

/// <summary>
/// Evaluates what depends on constants alone, dequantisation of weights included: importing leaves that to run time, so that the
/// passes that compute with integer weights find them.
/// </summary>
internal sealed class FoldConstants : RewritePass
{
    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit)
    {
        if (ConstantFolder.TryEvaluateWithWeights(node) is not { } tensors)
        {
            return false;
        }

        edit.Remove(node);
        for (var i = 0; i < tensors.Length; i++)
        {
            edit.ReplaceUses(node.Outputs[i], new Value(node.Outputs[i].Name, tensors[i]));
        }

        return true;
    }
}
