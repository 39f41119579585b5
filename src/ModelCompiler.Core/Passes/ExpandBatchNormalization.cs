using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes;

/// <summary>
/// Writes batch normalisation as one multiplication and one addition a channel, which <see cref="FoldScaleAndBias"/> takes into
/// the convolution before it: s = scale/√(variance + ε), x·s + (bias − mean·s).
/// </summary>
internal sealed class ExpandBatchNormalization : RewritePass
{
    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit)
    {
        if (node.Operator is not BatchNormalization normalization)
        {
            return false;
        }

        var nodes = new List<Node>();
        var (x, variance) = (node.Input(0), node.Input(4));
        var epsilon = new Value(node.Name + "/epsilon", Scalar(x.Element, normalization.Epsilon));
        var deviation = Add(new Unary(UnaryFunction.Sqrt), Add(new Binary(BinaryFunction.Add), variance, epsilon));
        var factor = Add(new Binary(BinaryFunction.Div), node.Input(1), deviation);
        var offset = Add(new Binary(BinaryFunction.Sub), node.Input(2), Add(new Binary(BinaryFunction.Mul), node.Input(3), factor));
        var product = Add(new Binary(BinaryFunction.Mul), x, PerChannel(factor));
        var sum = Add(new Binary(BinaryFunction.Add), product, PerChannel(offset));
        edit.Replace(node, nodes);
        edit.ReplaceUses(node.Output, sum);
        return true;

        // Aligned with dimension 1 of x.
        Value PerChannel(Value vector) =>
            x.Shape.Rank <= 2
                ? vector
                : Add(new Reshape(new TensorShape([vector.Shape.Elements, .. Enumerable.Repeat(1, x.Shape.Rank - 2)])), vector);

        Value Add(Operator op, params Value[] inputs)
        {
            var made = GraphEdit.NewNode(node, op, inputs);
            if (ConstantFolder.TryEvaluate(op, inputs, [made.Output.Type]) is [var folded])
            {
                return new Value(node.Name, folded);
            }

            nodes.Add(made);
            return made.Output;
        }
    }

    private static Tensor Scalar(ElementType element, float value) =>
        element == ElementType.Float64
            ? Tensor.From<double>(element, TensorShape.Scalar, [value])
            : Tensor.Floats(TensorShape.Scalar, value);
}
