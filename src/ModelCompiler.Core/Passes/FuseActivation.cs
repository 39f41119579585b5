using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes;

/// <summary>Lets a convolution or matrix product clamp its outputs itself where Relu or Clip follows.</summary>
internal sealed class FuseActivation : RewritePass
{
    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit)
    {
        if (
            node.Operator is not Unary unary
            || ClampOf(unary) is not { } clamp
            || graph.OnlyConsumer(node.Input(0)) != node
            || LinearNode.Of(graph.Producer(node.Input(0))) is not { } linear
            || edit.IsTouched(linear.Node)
        )
        {
            return false;
        }

        var replacement = linear.With(node, clamp);
        edit.Remove(linear.Node);
        edit.Replace(node, replacement);
        edit.ReplaceUses(node.Output, replacement.Output);
        return true;
    }

    /// <summary>The bounds that an activation consists of; null where it does more.</summary>
    internal static Clamp? ClampOf(Unary unary) =>
        unary.Function switch
        {
            UnaryFunction.Relu => Clamp.Relu,
            UnaryFunction.Clip => new Clamp(unary.Alpha, unary.Beta),
            _ => null,
        };
}
