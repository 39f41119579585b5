using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;

namespace ModelCompiler.Training.Architectures;

/// <summary>Layers of tokens, [1, tokens, units], and of the matrices that attention makes of them.</summary>
internal static class TokenLayers
{
    /// <summary>A dense layer of every token.</summary>
    public static Activation TokenDense(this NetworkWriter network, string name, Activation x, int outputs, bool hasBias = true)
    {
        var inputs = x.Shape[2];
        var weight = network.Uniform($"{name}.weight", Initialisation.Glorot(inputs, outputs), inputs, outputs);
        var product = network.Node(name, "MatMul", [x.Name, weight], $"{name}_product", new TensorShape(1, x.Shape[1], outputs));
        return hasBias
            ? network.Node(
                $"{name}/bias",
                "Add",
                [product.Name, network.Filled($"{name}.bias", 0, outputs)],
                $"{name}_biased",
                product.Shape
            )
            : product;
    }

    /// <summary>Layer normalisation of every token (Ba, Kiros and Hinton 2016; ONNX opset 17).</summary>
    public static Activation LayerNormalised(this NetworkWriter network, string name, Activation x)
    {
        var units = x.Shape[2];
        return network.Node(
            name,
            "LayerNormalization",
            [x.Name, network.Filled($"{name}.scale", 1, units), network.Filled($"{name}.bias", 0, units)],
            $"{name}_out",
            x.Shape,
            OnnxMessages.Attribute("axis", -1L),
            OnnxMessages.Attribute("epsilon", 1e-5f)
        );
    }

    /// <summary>x · (1 + erf(x / √2)) / 2, in the form that exporters write before opset 20 has it as an operator.</summary>
    public static Activation Gelu(this NetworkWriter network, string name, Activation x)
    {
        var y = Formula("Div", "scaled", x.Name, network.Number("root_of_two", (float)Math.Sqrt(2)));
        y = Formula("Erf", "erf", y);
        y = Formula("Add", "raised", y, network.Number("one", 1));
        y = Formula("Mul", "weighed", x.Name, y);
        return new(Formula("Mul", "halved", y, network.Number("half", 0.5f)), x.Shape);

        string Formula(string operatorType, string part, params string[] inputs) =>
            network.Node($"{name}/{part}", operatorType, inputs, $"{name}/{part}_out", x.Shape).Name;
    }

    /// <summary>The product of the matrices in the last two dimensions.</summary>
    public static Activation Multiplied(this NetworkWriter network, string name, Activation x, Activation y)
    {
        var rank = x.Shape.Rank;
        return network.Node(name, "MatMul", [x.Name, y.Name], $"{name}_out", x.Shape.With(rank - 1, y.Shape[rank - 1]));
    }

    /// <summary>A softmax along one dimension.</summary>
    public static Activation Softmaxed(this NetworkWriter network, string name, Activation x, int axis) =>
        network.Node(name, "Softmax", [x.Name], $"{name}_out", x.Shape, OnnxMessages.Attribute("axis", (long)axis));

    /// <summary>The same elements in another shape; the number of items stays what it is.</summary>
    public static Activation Reshaped(this NetworkWriter network, string name, Activation x, params int[] item) =>
        network.Node(
            $"{name}/reshape",
            "Reshape",
            [x.Name, network.Integers($"{name}_shape", [0, .. item.Select(s => (long)s)])],
            $"{name}_reshaped",
            new TensorShape([1, .. item])
        );

    /// <summary>The dimensions in another order.</summary>
    public static Activation Transposed(this NetworkWriter network, string name, Activation x, params int[] order) =>
        network.Node(
            $"{name}/transpose",
            "Transpose",
            [x.Name],
            $"{name}_transposed",
            new TensorShape(order.Select(axis => x.Shape[axis])),
            OnnxMessages.Attribute("perm", [.. order.Select(axis => (long)axis)])
        );
}
