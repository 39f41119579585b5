using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes;

/// <summary>Replaces powers whose exponent is a small constant by products: a general power is a hundred times slower.</summary>
internal sealed class SimplifyPowers : RewritePass
{
    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit)
    {
        if (
            node.Operator is not Binary { Function: BinaryFunction.Pow }
            || Pattern.ScalarOf(node.Input(1)) is not { } exponent
            || node.Output.Shape != node.Input(0).Shape
        )
        {
            return false;
        }

        var (x, mul) = (node.Input(0), new Binary(BinaryFunction.Mul));
        Node[]? nodes = exponent switch
        {
            -1 => [GraphEdit.NewNode(node, new Unary(UnaryFunction.Reciprocal), x)],
            2 => [GraphEdit.NewNode(node, mul, x, x)],
            3 when GraphEdit.NewNode(node, mul, x, x) is var square => [square, GraphEdit.NewNode(node, mul, square.Output, x)],
            _ => null,
        };
        if (nodes is null)
        {
            return false;
        }

        edit.Replace(node, nodes);
        edit.ReplaceUses(node.Output, nodes[nodes.Length - 1].Output);
        return true;
    }
}
