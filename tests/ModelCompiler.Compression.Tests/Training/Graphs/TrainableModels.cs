using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Compression.Tests.Training.Graphs;

/// <summary>Small networks that can be trained.</summary>
internal static class TrainableModels
{
    /// <summary>Networks whose file says a batch of one, with the obstacles that exporters put in the way of other sizes.</summary>
    public static IReadOnlyDictionary<string, Func<OnnxModelBuilder>> OfBatchOne { get; } =
        new Dictionary<string, Func<OnnxModelBuilder>>(StringComparer.Ordinal)
        {
            ["convolution"] = Convolutional,
            ["literal shape"] = () => Reshaped(1, 12),
            ["literal shape with an open size"] = () => Reshaped(1, -1),
            ["class token"] = ClassToken,
            ["initial state"] = InitialState,
            ["padding with channels of zeros"] = ZeroChannels,
        };

    /// <summary>Convolution, batch normalisation, ReLU, pool, dense layer, softmax over three classes; images of 6×6.</summary>
    public static OnnxModelBuilder Convolutional()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("image", ElementType.Float32, 1, 1, 6, 6);
        var conv = model.Node("Conv", [x, Weight(model, "conv.weight", 4, 1, 3, 3)], ("pads", new[] { 1, 1, 1, 1 }));
        string[] statistics =
        [
            model.Constant(Tensor.Floats(new(4), 1, 0.5f, 2, 1), "bn.scale"),
            Weight(model, "bn.bias", 4),
            Weight(model, "bn.mean", 4),
            model.Constant(Tensor.Floats(new(4), 1, 0.5f, 2, 1), "bn.var"),
        ];
        var normalised = model.Node("Relu", [model.Node("BatchNormalization", [conv, .. statistics])]);
        var features = model.Node(
            "Flatten",
            [model.Node("MaxPool", [normalised], ("kernel_shape", new[] { 3, 3 }), ("strides", new[] { 3, 3 }))]
        );
        var scores = model.Node("Gemm", [features, Weight(model, "fc.weight", 16, 3), Weight(model, "fc.bias", 3)]);
        return model.Output(model.Node("Softmax", [scores], ("axis", 1)), ElementType.Float32);
    }

    /// <summary>A dense layer with int8 weights, an int32 bias and quantised activations.</summary>
    public static OnnxModelBuilder Quantised()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 6);
        var random = new Random(1);
        sbyte[] weights = [.. Enumerable.Range(0, 18).Select(_ => (sbyte)random.Next(-100, 100))];
        string[] activation =
        [
            model.Constant(Tensor.Floats(TensorShape.Scalar, 0.02f), "x.scale"),
            model.Constant(Tensor.From<byte>(ElementType.UInt8, TensorShape.Scalar, [20]), "x.zero"),
        ];
        var weight = model.Node(
            "DequantizeLinear",
            [
                model.Constant(Tensor.From<sbyte>(ElementType.Int8, new(6, 3), weights), "fc.weight"),
                model.Constant(Tensor.Floats(new(3), 0.01f, 0.02f, 0.03f), "w.scale"),
            ],
            ("axis", 1)
        );
        var bias = model.Node(
            "DequantizeLinear",
            [
                model.Constant(Tensor.From<int>(ElementType.Int32, new(3), [1000, -2000, 300]), "fc.bias"),
                model.Constant(Tensor.Floats(TensorShape.Scalar, 0.0002f), "b.scale"),
            ]
        );
        var quantised = model.Node("DequantizeLinear", [model.Node("QuantizeLinear", [x, .. activation]), .. activation]);
        return model.Output(model.Node("Gemm", [quantised, weight, bias]), ElementType.Float32);
    }

    private static OnnxModelBuilder Reshaped(params long[] shape)
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 3, 4);
        var flat = model.Node("Reshape", [x, model.Constant(Tensor.Longs(shape))]);
        return model.Output(model.Node("MatMul", [flat, Weight(model, "w", 12, 2)]), ElementType.Float32);
    }

    private static OnnxModelBuilder ClassToken()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 3, 4);
        var tokens = model.Node("Concat", [Weight(model, "token", 1, 1, 4), x], ("axis", 1));
        var attended = model.Node(
            "MatMul",
            [
                model.Node("Softmax", [model.Node("MatMul", [tokens, model.Node("Transpose", [tokens], ("perm", new[] { 0, 2, 1 }))])]),
                tokens,
            ]
        );
        return model.Output(
            model.Node("Gather", [attended, model.Constant(Tensor.From<long>(ElementType.Int64, TensorShape.Scalar, [0]))], ("axis", 1)),
            ElementType.Float32
        );
    }

    private static OnnxModelBuilder ZeroChannels()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 3, 4);
        var zeros = model.Node("ConstantOfShape", [model.Constant(Tensor.Longs(1, 2, 4))]);
        var padded = model.Node("Concat", [x, zeros], ("axis", 1));
        return model.Output(model.Node("Conv", [padded, Weight(model, "w", 3, 5, 2)]), ElementType.Float32);
    }

    private static OnnxModelBuilder InitialState()
    {
        var model = new OnnxModelBuilder();
        var x = model.Node("Transpose", [model.Input("x", ElementType.Float32, 1, 3, 4)], ("perm", new[] { 1, 0, 2 }));
        string?[] inputs = [x, Weight(model, "w", 1, 15, 4), Weight(model, "r", 1, 15, 5), null, null, Weight(model, "h", 1, 1, 5)];
        var last = model.Node("GRU", "", inputs, [("hidden_size", 5)], 2)[1];
        return model.Output(model.Node("Squeeze", [last, model.Constant(Tensor.Longs(0))]), ElementType.Float32);
    }

    private static string Weight(OnnxModelBuilder model, string name, params int[] shape) =>
        model.Constant(RandomTensors.Floats(shape.Sum(), shape), name);
}
