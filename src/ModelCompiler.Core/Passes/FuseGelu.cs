using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes;

/// <summary>Finds GELU that an exporter has written out: x · (1 + erf(x/√2)) · 1/2, its factors in any order.</summary>
internal sealed class FuseGelu : RewritePass
{
    private const double InverseRootOfTwo = 0.70710678118654752;

    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit)
    {
        if (!Pattern.IsProduct(node))
        {
            return false;
        }

        var match = new Pattern(graph);
        var (factors, constant) = match.Product(node);
        if (factors.Count != 2 || Math.Abs(constant - 0.5) > 1e-5)
        {
            return false;
        }

        for (var i = 0; i < 2; i++)
        {
            if (ArgumentOfErf(match, factors[i]) is { } x && x == factors[1 - i])
            {
                var gelu = GraphEdit.NewNode(node, new Unary(UnaryFunction.Gelu), x);
                edit.Replace(node, gelu);
                edit.ReplaceUses(node.Output, gelu.Output);
                return true;
            }
        }

        return false;
    }

    /// <summary>x, where the value is 1 + erf(x/√2).</summary>
    private static Value? ArgumentOfErf(Pattern match, Value value) =>
        match.WithConstant(value, BinaryFunction.Add) is (var erf, 1f)
        && match.Unary(erf, UnaryFunction.Erf) is { } node
        && (match.Binary(node.Input(0), BinaryFunction.Mul) ?? match.Binary(node.Input(0), BinaryFunction.Div)) is { } scaled
        && match.Product(scaled) is ([var x], var scale)
        && Math.Abs(scale - InverseRootOfTwo) < 1e-5
            ? x
            : null;
}
