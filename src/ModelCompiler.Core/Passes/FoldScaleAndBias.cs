using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes;

/// <summary>
/// Folds an addition, subtraction, multiplication or division by one constant a channel into the weights and the bias of the
/// convolution or matrix product before it: (W·x + b)·s + t = (W·s)·x + (b·s + t).
/// </summary>
internal sealed class FoldScaleAndBias : RewritePass
{
    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit)
    {
        if (
            node.Operator
            is not Binary { Function: BinaryFunction.Add or BinaryFunction.Sub or BinaryFunction.Mul or BinaryFunction.Div } binary
        )
        {
            return false;
        }

        var constantFirst = node.Input(0).Constant is not null;
        var (value, constant) = constantFirst ? (node.Input(1), node.Input(0)) : (node.Input(0), node.Input(1));
        if (
            constant.Constant is null
            || graph.OnlyConsumer(value) != node
            || LinearNode.Of(graph.Producer(value)) is not { } linear
            || edit.IsTouched(linear.Node)
            || linear.Activation != Clamp.None
            || node.Output.Type != value.Type
            || linear.PerChannel(constant.Constant) is not { } numbers
            || Fold(binary.Function, constantFirst, numbers, linear.Bias()) is not { } folded
        )
        {
            return false;
        }

        var replacement = linear.With(node, folded.Factors, folded.Bias);
        edit.Remove(linear.Node);
        edit.Replace(node, replacement);
        edit.ReplaceUses(node.Output, replacement.Output);
        return true;
    }

    private static (float[]? Factors, float[] Bias)? Fold(BinaryFunction function, bool constantFirst, float[] numbers, float[] bias)
    {
        return (function, constantFirst) switch
        {
            (BinaryFunction.Add, _) => (null, Each((b, n) => b + n)),
            (BinaryFunction.Sub, false) => (null, Each((b, n) => b - n)),
            (BinaryFunction.Sub, true) => (Each((_, _) => -1), Each((b, n) => n - b)),
            (BinaryFunction.Mul, _) => (numbers, Each((b, n) => b * n)),
            (BinaryFunction.Div, false) => (Each((_, n) => 1 / n), Each((b, n) => b / n)),
            _ => null,
        };

        float[] Each(Func<float, float, float> combine) => [.. bias.Zip(numbers, combine)];
    }
}
