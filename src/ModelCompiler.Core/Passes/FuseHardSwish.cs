using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes;

/// <summary>
/// Finds HardSwish and Swish that exporters have written out: x · clip(x + 3, 0, 6)/6 or x · HardSigmoid(x) with slope 1/6, and
/// x · sigmoid(x), their factors in any order.
/// </summary>
internal sealed class FuseHardSwish : RewritePass
{
    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit)
    {
        if (!Pattern.IsProduct(node))
        {
            return false;
        }

        var match = new Pattern(graph);
        var (factors, constant) = match.Product(node);
        for (var i = 0; i < factors.Count && factors.Count == 2; i++)
        {
            if (FunctionOf(match, factors[i], factors[1 - i], constant) is { } function)
            {
                var fused = GraphEdit.NewNode(node, function, factors[1 - i]);
                edit.Replace(node, fused);
                edit.ReplaceUses(node.Output, fused.Output);
                return true;
            }
        }

        return false;
    }

    /// <summary>What constant · gate · x is, if the gate is one of those that are known, applied to x.</summary>
    private static Unary? FunctionOf(Pattern match, Value gate, Value x, double constant) =>
        match.Unary(gate, UnaryFunction.Clip) is { Operator: Unary { Alpha: 0, Beta: 6 } } clip
        && match.WithConstant(clip.Input(0), BinaryFunction.Add) is (var shifted, 3f)
        && shifted == x
        && Math.Abs(constant - (1.0 / 6)) < 1e-6
            ? new Unary(UnaryFunction.HardSwish)
        : constant != 1 ? null
        : match.Unary(gate, UnaryFunction.HardSigmoid) is { Operator: Unary { Beta: 0.5f } hardSigmoid } node
        && node.Input(0) == x
        && Math.Abs(hardSigmoid.Alpha - (1.0 / 6)) < 1e-6
            ? new Unary(UnaryFunction.HardSwish)
        : match.Unary(gate, UnaryFunction.Sigmoid) is { } sigmoid && sigmoid.Input(0) == x ? new Unary(UnaryFunction.Swish, 1)
        : null;
}
