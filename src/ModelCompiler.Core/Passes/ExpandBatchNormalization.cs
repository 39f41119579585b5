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
        var x = node.Input(0);
        var (factor, offset) = Constants(node, normalization.Epsilon) ?? Computed();
        var product = Add(new Binary(BinaryFunction.Mul), x, PerChannel(factor));
        var sum = Add(new Binary(BinaryFunction.Add), product, PerChannel(offset));
        edit.Replace(node, nodes);
        edit.ReplaceUses(node.Output, sum);
        return true;

        (Value Factor, Value Offset) Computed()
        {
            var epsilon = new Value(node.Name + "/epsilon", Scalar(x.Element, normalization.Epsilon));
            var deviation = Add(new Unary(UnaryFunction.Sqrt), Add(new Binary(BinaryFunction.Add), node.Input(4), epsilon));
            var scale = Add(new Binary(BinaryFunction.Div), node.Input(1), deviation);
            var shift = Add(new Binary(BinaryFunction.Mul), node.Input(3), scale);
            return (scale, Add(new Binary(BinaryFunction.Sub), node.Input(2), shift));
        }

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

    /// <summary>Factor and offset of each channel where the parameters are constants of float32.</summary>
    private static (Value Factor, Value Offset)? Constants(Node node, float epsilon)
    {
        Tensor?[] parameters = [.. node.Inputs.Skip(1).Select(i => i!.Constant)];
        if (parameters.Any(p => p is not { Element: ElementType.Float32 }))
        {
            return null;
        }

        var (scale, bias, mean, variance) = (Floats(0), Floats(1), Floats(2), Floats(3));
        var factor = scale.Zip(variance, (s, v) => (float)(s / Math.Sqrt((double)v + epsilon))).ToArray();
        var offset = bias.Select((b, c) => b - (mean[c] * factor[c])).ToArray();
        var shape = parameters[0]!.Shape;
        return (new(node.Name + "/factor", Tensor.Floats(shape, factor)), new(node.Name + "/offset", Tensor.Floats(shape, offset)));

        float[] Floats(int parameter) => parameters[parameter]!.ToFloats();
    }

    private static Tensor Scalar(ElementType element, float value) =>
        element == ElementType.Float64
            ? Tensor.From<double>(element, TensorShape.Scalar, [value])
            : Tensor.Floats(TensorShape.Scalar, value);
}
