using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Sizes;

/// <summary>Small networks with open dimensions, as exporters write them.</summary>
internal static class SizedNetworks
{
    /// <summary>Convolution, batch normalisation, pool, flatten, classes: x [batch,3,8,8] → [batch,5].</summary>
    public static OnnxModelBuilder Cnn()
    {
        var (model, random) = (new OnnxModelBuilder(), new Random(1));
        var x = model.SymbolicInput("x", ElementType.Float32, "batch", 3, 8, 8);
        var y = model.Node("Conv", [x, Weights(model, random, 6, 3, 3, 3)], ("pads", new long[] { 1, 1, 1, 1 }));
        y = model.Node(
            "BatchNormalization",
            [y, Weights(model, random, 6), Weights(model, random, 6), Weights(model, random, 6), model.Constant([6], 1, 2, 1, 2, 1, 2)]
        );
        y = model.Node("MaxPool", [model.Node("Relu", [y])], ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }));
        y = model.Node("Flatten", [y], ("axis", 1L));
        y = model.Node("Gemm", [y, Weights(model, random, 5, 96), Weights(model, random, 5)], ("transB", 1L));
        return model.Output(model.Node("Softmax", [y], ("axis", 1L)), ElementType.Float32);
    }

    /// <summary>Two layers, rows given a shape by the arithmetic of Shape: x [batch,4,6] → [batch,3].</summary>
    public static OnnxModelBuilder Mlp()
    {
        var (model, random) = (new OnnxModelBuilder(), new Random(2));
        var x = model.SymbolicInput("x", ElementType.Float32, "batch", 4, 6);
        var size = model.Node("Gather", [model.Node("Shape", [x]), model.Constant(Tensor.Longs(0))], ("axis", 0L));
        var rows = model.Node("Reshape", [x, model.Node("Concat", [size, model.Constant(Tensor.Longs(24))], ("axis", 0L))]);
        var hidden = model.Node("Tanh", [model.Node("Gemm", [rows, Weights(model, random, 24, 10), Weights(model, random, 10)])]);
        return model.Output(
            model.Node("Add", [model.Node("MatMul", [hidden, Weights(model, random, 10, 3)]), Weights(model, random, 3)]),
            ElementType.Float32
        );
    }

    /// <summary>Self-attention with two heads, a residual and a normalisation: x [batch,time,8] → the same.</summary>
    public static OnnxModelBuilder Transformer(bool hasOpenBatch = true)
    {
        var (model, random) = (new OnnxModelBuilder(17), new Random(3));
        var x = model.SymbolicInput("x", ElementType.Float32, hasOpenBatch ? "batch" : 1, "time", 8);
        var (q, k, v) = (Heads(0, 2, 1, 3), Heads(0, 2, 3, 1), Heads(0, 2, 1, 3));
        var scores = model.Node("Softmax", [model.Node("Mul", [model.Node("MatMul", [q, k]), model.Constant([], 0.5f)])], ("axis", -1L));
        var mixed = model.Node("Transpose", [model.Node("MatMul", [scores, v])], ("perm", new long[] { 0, 2, 1, 3 }));
        var joined = model.Node("Reshape", [mixed, model.Constant(Tensor.Longs(0, 0, 8))]);
        var sum = model.Node("Add", [x, model.Node("MatMul", [joined, Weights(model, random, 8, 8)])]);
        return model.Output(
            model.Node("LayerNormalization", [sum, Weights(model, random, 8), Weights(model, random, 8)]),
            ElementType.Float32
        );

        string Heads(params long[] order) =>
            model.Node(
                "Transpose",
                [
                    model.Node(
                        "Reshape",
                        [model.Node("MatMul", [x, Weights(model, random, 8, 8)]), model.Constant(Tensor.Longs(0, 0, 2, 4))]
                    ),
                ],
                ("perm", order)
            );
    }

    /// <summary>An LSTM with the batch in its second dimension: x [time,batch,3] → all h [time,1,batch,5] and the last.</summary>
    public static OnnxModelBuilder Lstm(object batch)
    {
        var (model, random) = (new OnnxModelBuilder(14), new Random(4));
        var x = model.SymbolicInput("x", ElementType.Float32, "time", batch, 3);
        var outputs = Recurrent(model, random, x);
        return model.Output(outputs[0], ElementType.Float32).Output(outputs[1], ElementType.Float32);
    }

    /// <summary>An LSTM in both directions between products: x [batch,time,3] → classes of each step [batch,time,4].</summary>
    public static OnnxModelBuilder BidirectionalLstm()
    {
        var (model, random) = (new OnnxModelBuilder(14), new Random(7));
        var x = model.SymbolicInput("x", ElementType.Float32, "batch", "time", 3);
        var embedded = model.Node("Tanh", [model.Node("MatMul", [x, Weights(model, random, 3, 16)])]);
        var states = model.Node(
            "LSTM",
            "",
            [
                model.Node("Transpose", [embedded], ("perm", new long[] { 1, 0, 2 })),
                Weights(model, random, 2, 40, 16),
                Weights(model, random, 2, 40, 10),
                Weights(model, random, 2, 80),
            ],
            [("hidden_size", 10L), ("direction", "bidirectional")],
            outputs: 1
        );
        var rows = model.Node("Transpose", [states[0]], ("perm", new long[] { 2, 0, 1, 3 }));
        var joined = model.Node("Reshape", [rows, model.Constant(Tensor.Longs(0, 0, 20))]);
        var scores = model.Node("Add", [model.Node("MatMul", [joined, Weights(model, random, 20, 4)]), Weights(model, random, 4)]);
        return model.Output(model.Node("Softmax", [scores], ("axis", -1L)), ElementType.Float32);
    }

    /// <summary>An LSTM over x [batch,7,3] with the initial state made by the arithmetic of Shape; gives the last h [1,batch,5].</summary>
    public static OnnxModelBuilder LstmOfBatch()
    {
        var (model, random) = (new OnnxModelBuilder(14), new Random(5));
        var x = model.SymbolicInput("x", ElementType.Float32, "batch", 7, 3);
        var size = model.Node("Gather", [model.Node("Shape", [x]), model.Constant(Tensor.Longs(0))], ("axis", 0L));
        var shape = model.Node("Concat", [model.Constant(Tensor.Longs(1)), size, model.Constant(Tensor.Longs(5))], ("axis", 0L));
        var zeros = model.Node("ConstantOfShape", [shape]);
        var outputs = Recurrent(model, random, model.Node("Transpose", [x], ("perm", new long[] { 1, 0, 2 })), zeros, zeros);
        return model.Output(outputs[1], ElementType.Float32);
    }

    /// <summary>Subtracts the mean of the batch: x [batch,4] → the same.</summary>
    public static OnnxModelBuilder Mixing()
    {
        var model = new OnnxModelBuilder();
        var x = model.SymbolicInput("x", ElementType.Float32, "batch", 4);
        return model.Output(model.Node("Sub", [x, model.Node("ReduceMean", [x], ("axes", new long[] { 0 }))]), ElementType.Float32);
    }

    public static string Weights(OnnxModelBuilder model, Random random, params int[] shape) =>
        model.Constant(shape, [.. Enumerable.Range(0, shape.Aggregate(1, (p, s) => p * s)).Select(_ => random.NextSingle() - 0.5f)]);

    private static string[] Recurrent(OnnxModelBuilder model, Random random, string x, string? h = null, string? c = null) =>
        model.Node(
            "LSTM",
            "",
            [x, Weights(model, random, 1, 20, 3), Weights(model, random, 1, 20, 5), Weights(model, random, 1, 40), null, h, c],
            [("hidden_size", 5L)],
            outputs: 3
        );
}
