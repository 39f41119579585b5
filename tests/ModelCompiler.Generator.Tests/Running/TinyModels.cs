using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Generator.Tests.Running;

/// <summary>Models of a few nodes.</summary>
internal static class TinyModels
{
    public static OnnxModelBuilder Relu(int length = 4)
    {
        var model = new OnnxModelBuilder();
        return model.Output(model.Node("Relu", [model.Input("samples", ElementType.Float32, 1, length)]), ElementType.Float32);
    }

    public static OnnxModelBuilder Unary(string op)
    {
        var model = new OnnxModelBuilder();
        return model.Output(model.Node(op, [model.Input("x", ElementType.Float32, 2, 5)]), ElementType.Float32);
    }

    /// <summary>Two inputs, two outputs, names that are C# keywords.</summary>
    public static OnnxModelBuilder TwoByTwo()
    {
        var model = new OnnxModelBuilder();
        var a = model.Input("in", ElementType.Float32, 3);
        var b = model.Input("class", ElementType.Float32, 3);
        model.Output(model.Node("Add", [a, b]), ElementType.Float32);
        return model.Output(model.Node("Mul", [a, b]), ElementType.Float32);
    }

    public static OnnxModelBuilder Unsupported(int count)
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 4);
        for (var i = 0; i < count; i++)
        {
            model.Output(model.Node($"NoSuchOperator{i}", [x]), ElementType.Float32);
        }

        return model;
    }

    /// <summary>Quantised at both edges: x → Q → DQ → Relu → Q → DQ → y, int8.</summary>
    public static OnnxModelBuilder Quantised(int length = 20)
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, length);
        var (inScale, outScale) = (model.Constant([], 0.5f), model.Constant([], 0.25f));
        var inZero = model.Constant(Tensor.FromBytes(new(ElementType.Int8, TensorShape.Scalar), [3]));
        var outZero = model.Constant(Tensor.FromBytes(new(ElementType.Int8, TensorShape.Scalar), [0xF6]));
        var q = model.Node("QuantizeLinear", [x, inScale, inZero]);
        var real = model.Node("Relu", [model.Node("DequantizeLinear", [q, inScale, inZero])]);
        var q2 = model.Node("QuantizeLinear", [real, outScale, outZero]);
        return model.Output(model.Node("DequantizeLinear", [q2, outScale, outZero]), ElementType.Float32);
    }

    /// <summary>An image of three planes, quantised to int8 (scale 0.5, zero point 3), whose channels are multiplied by 1, 2 and 3.</summary>
    public static OnnxModelBuilder QuantisedImage()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 3, 4, 5);
        var (scale, one) = (model.Constant([], 0.5f), model.Constant([], 1f));
        var zero = model.Constant(Tensor.FromBytes(new(ElementType.Int8, TensorShape.Scalar), [3]));
        var none = model.Constant(Tensor.FromBytes(new(ElementType.Int8, TensorShape.Scalar), [0]));
        var weights = model.Constant(Tensor.FromBytes(new(ElementType.Int8, new TensorShape(3, 3, 1, 1)), [1, 0, 0, 0, 2, 0, 0, 0, 3]));
        var q = model.Node("QuantizeLinear", [x, scale, zero]);
        return model.Output(model.Node("QLinearConv", [q, scale, zero, weights, one, none, scale, zero]), ElementType.Int8);
    }

    /// <summary>A batch whose items are looped over, and sequences that have a program for each length: weights, and sums over time.</summary>
    public static OnnxModelBuilder OpenSizes()
    {
        var model = new OnnxModelBuilder();
        var mask = model.SymbolicInput("mask", ElementType.Float32, "time");
        var x = model.SymbolicInput("x", ElementType.Float32, "batch", "time", 2);
        var y = model.Node("MatMul", [mask, model.Node("MatMul", [x, model.Constant([2, 2], 1, 2, 3, 4)])]);
        return model.Output(model.Node("Relu", [y]), ElementType.Float32);
    }

    public static OnnxModelBuilder Transpose()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 3, 4);
        return model.Output(model.Node("Transpose", [x], ("perm", new[] { 2, 0, 1 })), ElementType.Float32);
    }

    public static OnnxModelBuilder Concat()
    {
        var model = new OnnxModelBuilder();
        var (a, b) = (model.Input("a", ElementType.Float32, 2, 3), model.Input("b", ElementType.Float32, 2, 5));
        return model.Output(model.Node("Concat", [a, b], ("axis", 1)), ElementType.Float32);
    }

    /// <summary>A fully connected layer of 12 inputs and 5 outputs, with bias and activation.</summary>
    public static OnnxModelBuilder Dense()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 12);
        var (weights, bias) = (model.Constant([12, 5], Ramp(60)), model.Constant([5], Ramp(5)));
        return model.Output(model.Node("Relu", [model.Node("Gemm", [x, weights, bias])]), ElementType.Float32);
    }

    /// <summary>A 3×3 convolution of 8 channels over 6×6 pixels.</summary>
    public static OnnxModelBuilder Convolution(int group)
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 8, 6, 6);
        var weights = model.Constant([8, 8 / group, 3, 3], Ramp(8 * 8 / group * 9));
        var y = model.Node("Conv", [x, weights, model.Constant([8], Ramp(8))], ("pads", new[] { 1, 1, 1, 1 }), ("group", group));
        return model.Output(model.Node("Relu", [y]), ElementType.Float32);
    }

    public static OnnxModelBuilder MaxPool()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 8, 6, 6);
        return model.Output(model.Node("MaxPool", [x], ("kernel_shape", new[] { 2, 2 }), ("strides", new[] { 2, 2 })), ElementType.Float32);
    }

    /// <summary>A 1×1 convolution of bytes, 16 → 8 channels over 3×3 pixels.</summary>
    public static OnnxModelBuilder QuantisedConvolution()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.UInt8, 1, 16, 3, 3);
        var scale = model.Constant([], 0.125f);
        var zero = model.Constant(Tensor.FromBytes(new(ElementType.UInt8, TensorShape.Scalar), [128]));
        var signedZero = model.Constant(Tensor.FromBytes(new(ElementType.Int8, TensorShape.Scalar), [0]));
        var weights = model.Constant(
            Tensor.FromBytes(
                new(ElementType.Int8, new TensorShape(8, 16, 1, 1)),
                [.. Enumerable.Range(0, 128).Select(i => (byte)((i * 37) - 64))]
            )
        );
        return model.Output(model.Node("QLinearConv", [x, scale, zero, weights, scale, signedZero, scale, zero]), ElementType.UInt8);
    }

    /// <summary>As many iterations as are asked for, each of one of two branches by what is carried.</summary>
    public static OnnxModelBuilder BranchInLoop()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 6);
        var then = OnnxModelBuilder.Subgraph("then");
        then.Output(then.Node("Relu", [then.Node("Sub", ["carried", x])]), ElementType.Float32);
        var otherwise = OnnxModelBuilder.Subgraph("else");
        otherwise.Output(otherwise.Node("Add", ["carried", x]), ElementType.Float32);
        var body = OnnxModelBuilder.Subgraph("body");
        body.Input("iteration", ElementType.Int64);
        body.Input("goes_on", ElementType.Bool);
        body.Input("carried", ElementType.Float32, 6);
        var sum = body.Node("ReduceSum", ["carried"], ("keepdims", 0));
        var chosen = body.Node(
            "If",
            [body.Node("Greater", [sum, body.Constant([], 1)])],
            ("then_branch", then),
            ("else_branch", otherwise)
        );
        body.Output(body.Node("Less", [sum, body.Constant([], 9)]), ElementType.Bool).Output(chosen, ElementType.Float32);
        var looped = model.Node("Loop", [model.Input("trips", ElementType.Int64), null, x], ("body", body));
        return model.Output(looped, ElementType.Float32);
    }

    private static float[] Ramp(int length) => [.. Enumerable.Range(0, length).Select(i => (i % 7) - 3 + (i / 64f))];
}
