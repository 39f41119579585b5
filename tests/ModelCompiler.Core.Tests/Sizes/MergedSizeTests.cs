using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Sizes;

/// <summary>Layers whose code is written once for many lengths, with what depends on the length as numbers: against ONNX Runtime.</summary>
public sealed class MergedSizeTests
{
    private static readonly int[][] Lengths =
    [
        [4],
        [5],
        [6],
        [8],
        [11],
        [16],
        [23],
        [29],
    ];

    private static readonly Dictionary<string, Func<OnnxModelBuilder, string, string>> Layers = new()
    {
        ["convolution"] = (m, x) => m.Node("Conv", [x, Weights(m, 5, 6, 3), Weights(m, 5)], ("pads", new long[] { 1, 1 })),
        ["strided convolution"] = (m, x) => m.Node("Conv", [x, Weights(m, 16, 6, 4)], ("strides", new long[] { 2 })),
        ["grouped convolution"] = (m, x) =>
            m.Node("Conv", [x, Weights(m, 6, 3, 3)], ("group", 2L), ("dilations", new long[] { 1 }), ("pads", new long[] { 0, 2 })),
        ["depthwise convolution"] = (m, x) => m.Node("Conv", [x, Weights(m, 6, 1, 3)], ("group", 6L), ("pads", new long[] { 1, 1 })),
        ["transposed convolution"] = (m, x) => m.Node("ConvTranspose", [x, Weights(m, 6, 4, 3)], ("strides", new long[] { 2 })),
        ["max pool"] = (m, x) => m.Node("MaxPool", [x], ("kernel_shape", new long[] { 3 }), ("strides", new long[] { 2 })),
        ["average pool"] = (m, x) => m.Node("AveragePool", [x], ("kernel_shape", new long[] { 3 }), ("pads", new long[] { 1, 1 })),
        ["global pool"] = (m, x) => m.Node("GlobalAveragePool", [x]),
        ["mean"] = (m, x) => m.Node("ReduceMean", [x], ("axes", new long[] { 2 })),
        ["greatest"] = (m, x) => m.Node("ArgMax", [x], ("axis", 2L)),
        ["softmax"] = (m, x) => m.Node("Softmax", [x], ("axis", 2L)),
        ["softmax of channels"] = (m, x) => m.Node("Softmax", [x], ("axis", 1L)),
        ["running sums"] = (m, x) => m.Node("CumSum", [x, m.Constant(Tensor.Longs(2))]),
        ["best"] = (m, x) => m.Node("TopK", "", [x, m.Constant(Tensor.Longs(3))], [("axis", 2L)], 2)[0],
        ["pad"] = (m, x) => m.Node("Pad", [x, m.Constant(Tensor.Longs(0, 0, 2, 0, 1, 1))], ("mode", "reflect")),
        ["slice"] = (m, x) => m.Node("Slice", [x, m.Constant(Tensor.Longs(1)), m.Constant(Tensor.Longs(-1)), m.Constant(Tensor.Longs(2))]),
        ["reversed"] = (m, x) =>
            m.Node(
                "Slice",
                [x, m.Constant(Tensor.Longs(-1)), m.Constant(Tensor.Longs(-99)), m.Constant(Tensor.Longs(2)), m.Constant(Tensor.Longs(-1))]
            ),
        ["gather"] = (m, x) => m.Node("Gather", [x, m.Constant(Tensor.Longs(0, -1, 3))], ("axis", 2L)),
        ["concatenation"] = (m, x) => m.Node("Concat", [x, m.Node("Neg", [x])], ("axis", 1L)),
        ["transposition"] = (m, x) => m.Node("Transpose", [x], ("perm", new long[] { 2, 0, 1 })),
        ["chain"] = (m, x) => m.Node("Mul", [m.Node("Sigmoid", [m.Node("Add", [x, Weights(m, 6, 1)])]), x]),
        ["product with itself"] = (m, x) => m.Node("MatMul", [m.Node("Transpose", [x], ("perm", new long[] { 0, 2, 1 })), x]),
        ["product"] = (m, x) => m.Node("MatMul", [m.Node("Transpose", [x], ("perm", new long[] { 0, 2, 1 })), Weights(m, 6, 20)]),
        ["normalisation"] = (m, x) => m.Node("InstanceNormalization", [x, Weights(m, 6), Weights(m, 6)]),
        ["resize"] = (m, x) =>
            m.Node("Resize", [x, "", m.Constant([3], 1, 1, 2)], ("mode", "linear"), ("coordinate_transformation_mode", "asymmetric")),
        ["recurrent layer"] = (m, x) =>
            m.Node(
                "GRU",
                "",
                [m.Node("Transpose", [x], ("perm", new long[] { 2, 0, 1 })), Weights(m, 2, 15, 6), Weights(m, 2, 15, 5)],
                [("hidden_size", 5L), ("direction", "bidirectional")],
                2
            )[0],
        ["positions"] = (m, x) =>
            m.Node(
                "Add",
                [x, m.Node("Slice", [Weights(m, 1, 6, 29), m.Constant(Tensor.Longs(0)), Length(m, x), m.Constant(Tensor.Longs(2))])]
            ),
        ["int8 convolution"] = (m, x) => Quantised(m, x, "Conv", Weights(m, 20, 6, 3)),
        ["int8 product"] = (m, x) => Quantised(m, m.Node("Transpose", [x], ("perm", new long[] { 0, 2, 1 })), "MatMul", Weights(m, 6, 20)),
    };

    public static TheoryData<string> Names => [.. Layers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_layer_agrees_at_every_length(string layer)
    {
        var model = new OnnxModelBuilder(13);
        var y = Layers[layer](model, model.SymbolicInput("x", ElementType.Float32, 1, 6, "length"));
        model.Output(y, layer == "greatest" ? ElementType.Int64 : ElementType.Float32);

        var compiled = Differential.CheckSizes(model, ["length=4..29"], Lengths);

        Assert.Equal(26, compiled.Sizes!.Programs);
    }

    private static string Length(OnnxModelBuilder model, string x) =>
        model.Node("Gather", [model.Node("Shape", [x]), model.Constant(Tensor.Longs(2))], ("axis", 0L));

    private static string Quantised(OnnxModelBuilder model, string x, string op, string weights)
    {
        string[] grid = [model.Constant([], 0.03f), model.Constant(Tensor.FromBytes(new(ElementType.UInt8, TensorShape.Scalar), [120]))];
        string[] weightGrid =
        [
            model.Constant([], 0.004f),
            model.Constant(Tensor.FromBytes(new(ElementType.Int8, TensorShape.Scalar), [0])),
        ];
        return Dequantised(model.Node(op, [Dequantised(x, grid), Dequantised(weights, weightGrid)]), grid);

        string Dequantised(string value, string[] scale) =>
            model.Node("DequantizeLinear", [model.Node("QuantizeLinear", [value, .. scale]), .. scale]);
    }

    private static string Weights(OnnxModelBuilder model, params int[] shape) =>
        SizedNetworks.Weights(model, new Random(shape.Aggregate(7, (h, s) => (h * 31) + s)), shape);
}
