using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes;

/// <summary>
/// Transposes the operands of a matrix product beforehand where it would have to: constants at compile time, others by a node of
/// their own, so that the kernels know one form only. A factor goes into constant weights.
/// </summary>
internal sealed class OrientMatMulOperands : RewritePass
{
    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit)
    {
        if (node.Operator is not MatMul product)
        {
            return false;
        }

        var nodes = new List<Node>();
        var (a, b) = (node.Input(0), node.Input(1));
        if (product.TransposeA)
        {
            a = Transposed(node, a, nodes);
        }

        if (product.TransposeB)
        {
            b = Transposed(node, b, nodes);
        }

        var alpha = product.Alpha;
        if (alpha != 1 && b.Constant is { Element: ElementType.Float32 } constant)
        {
            b = new Value(b.Name, Tensor.Floats(constant.Shape, [.. constant.ToFloats().Select(w => w * alpha)]));
            alpha = 1;
        }

        var oriented = new MatMul(false, false, alpha, product.Activation);
        if (oriented == product)
        {
            return false;
        }

        nodes.Add(GraphEdit.NewNode(node, oriented, [a, b, .. node.Inputs.Skip(2)]));
        edit.Replace(node, nodes);
        edit.ReplaceUses(node.Output, nodes[nodes.Count - 1].Output);
        return true;
    }

    private static Value Transposed(Node node, Value operand, List<Node> nodes)
    {
        var rank = operand.Shape.Rank;
        var op = new Transpose((int[])[.. Enumerable.Range(0, rank - 2), rank - 1, rank - 2]);
        var transposed = GraphEdit.NewNode(node, op, operand);
        if (ConstantFolder.TryEvaluate(op, [operand], [transposed.Output.Type]) is [var folded])
        {
            return new Value(operand.Name, folded);
        }

        nodes.Add(transposed);
        return transposed.Output;
    }
}
