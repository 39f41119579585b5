using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;

namespace ModelCompiler.Passes;

/// <summary>Evaluates nodes whose inputs became constant by what other passes did.</summary>
internal sealed class FoldConstants : RewritePass
{
    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit)
    {
        if (ConstantFolder.TryEvaluate(node.Operator, node.Inputs, [.. node.Outputs.Select(o => o.Type)]) is not { } results)
        {
            return false;
        }

        edit.Remove(node);
        for (var i = 0; i < results.Length; i++)
        {
            edit.ReplaceUses(node.Outputs[i], new Value(node.Outputs[i].Name, results[i]));
        }

        return true;
    }
}
