using CsCheck;
using ModelCompiler.Core.Tests.Kernels;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Quantised;

/// <summary>The quantised operators of com.microsoft against ONNX Runtime, to the bit.</summary>
public sealed class QuantizedOperatorTests
{
    /// <summary>Ratios of 1 : 2.5 : 3 bring many sums to ties, which the last bit of the constant term decides.</summary>
    [Fact]
    public void The_zero_points_of_a_sum_are_added_with_a_fused_product() =>
        Gen.Select(Scales.Byte, Gen.Float[0.1f, 1], Gen.Int[0, 255].Array[3], Gen.Bool, Gen.Int[0, 1000])
            .Sample(
                (element, unit, zeros, scalar, seed) =>
                {
                    var model = new OnnxModelBuilder();
                    string[] Parameters(float scale, int zero) =>
                        [model.Constant(Scales.Scale(scale)), model.Constant(Scales.Zero(element, zero))];
                    string[] inputs =
                    [
                        model.Input("a", element, 200, scalar ? 1 : 40),
                        .. Parameters(unit, zeros[0]),
                        model.Input("b", element, 200, 40),
                        .. Parameters(2.5f * unit, zeros[1]),
                        .. Parameters(3 * unit, zeros[2]),
                    ];
                    Differential.Check(model.Output(model.Microsoft("QLinearAdd", inputs), element), seed, targets: Scales.BothStorages);
                },
                iter: 6
            );

    [Fact]
    public void Convolutions_near_ties_equal_onnxruntime() =>
        Gen.Select(Scales.Byte, Scales.NearTies, Gen.Int[0, 255].Array[2], Gen.Int[1, 2], Gen.Int[0, 1000])
            .Sample(
                (element, scales, zeros, stride, seed) =>
                {
                    var model = new OnnxModelBuilder();
                    string[] Grid(ElementType type, float scale, int zero) =>
                        [model.Constant(Scales.Scale(scale)), model.Constant(Scales.Zero(type, zero))];
                    var bytes = new byte[8 * 3 * 3 * 3];
                    new Random(seed).NextBytes(bytes);
                    var weights = model.Constant(Tensor.FromBytes(new TensorType(ElementType.Int8, new TensorShape(8, 3, 3, 3)), bytes));
                    var bias = model.Constant(
                        Tensor.From<int>(ElementType.Int32, new TensorShape(8), [.. bytes.Take(8).Select(b => b * 50)])
                    );
                    string[] inputs =
                    [
                        model.Input("x", element, 1, 3, 7, 9),
                        .. Grid(element, scales.A, zeros[0]),
                        weights,
                        .. Grid(ElementType.Int8, scales.B, 128),
                        .. Grid(element, scales.A * 100 * scales.Y, zeros[1]),
                        bias,
                    ];
                    (string, object)[] attributes = [("pads", (long[])[1, 1, 1, 1]), ("strides", (long[])[stride, stride])];
                    Differential.Check(model.Output(model.Node("QLinearConv", inputs, attributes), element), seed, targets: Scales.Targets);
                },
                iter: 4
            );

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Gemm_equals_onnxruntime(bool requantised)
    {
        var model = new OnnxModelBuilder();
        string[] Grid(ElementType type, float scale, int zero) =>
            [model.Constant(Scales.Scale(scale)), model.Constant(Scales.Zero(type, zero))];
        var bytes = new byte[5 * 12];
        new Random(4).NextBytes(bytes);
        var b = model.Constant(Tensor.FromBytes(new TensorType(ElementType.Int8, new TensorShape(5, 12)), bytes));
        var c = model.Constant(Tensor.From<int>(ElementType.Int32, new TensorShape(5), [100, -2000, 30, 0, 7]));
        string[] inputs =
        [
            model.Input("a", ElementType.UInt8, 12, 3),
            .. Grid(ElementType.UInt8, 0.02f, 117),
            b,
            .. Grid(ElementType.Int8, 0.03f, 128),
            c,
            .. requantised ? Grid(ElementType.UInt8, 0.4f, 100) : [],
        ];
        (string, object)[] attributes = [("transA", 1), ("transB", 1), ("alpha", 0.7f)];
        model.Output(model.Microsoft("QGemm", inputs, attributes), requantised ? ElementType.UInt8 : ElementType.Float32);
        Differential.Check(model, targets: Scales.Targets);
    }

    [Theory]
    [InlineData("QLinearAdd")]
    [InlineData("QLinearMul")]
    public void Binary_operator_near_ties_equals_onnxruntime(string op) =>
        Gen.Select(
                Scales.Byte,
                Scales.NearTies,
                Gen.Int[0, 255].Array[3],
                Int8Models.Pick<int[][]>(
                    [
                        [2, 100],
                        [2, 100],
                    ],
                    [
                        [3, 1],
                        [3, 40],
                    ],
                    [
                        [40],
                        [3, 40],
                    ],
                    [
                        [2, 3, 4],
                        [3, 1],
                    ]
                ),
                Gen.Int[0, 1000]
            )
            .Sample(
                (element, scales, zeros, shapes, seed) =>
                {
                    var model = new OnnxModelBuilder();
                    var a = model.Input("a", element, shapes[0]);
                    var b = model.Input("b", element, shapes[1]);
                    string[] Parameters(float scale, int zero) =>
                        [model.Constant(Scales.Scale(scale)), model.Constant(Scales.Zero(element, zero))];
                    var y = model.Microsoft(
                        op,
                        [a, .. Parameters(scales.A, zeros[0]), b, .. Parameters(scales.B, zeros[1]), .. Parameters(scales.Y, zeros[2])]
                    );
                    Differential.Check(model.Output(y, element), seed, targets: Scales.BothStorages);
                },
                iter: 3
            );

    [Theory]
    [InlineData("QLinearAdd", 3e6f)]
    [InlineData("QLinearMul", 200f)]
    [InlineData("QLinearAdd", 1e-30f)]
    [InlineData("QLinearMul", 1e-30f)]
    public void Results_far_outside_of_8_bits_or_all_near_0_equal_onnxruntime(string op, float ratio) =>
        Scales.Byte.Sample(
            element =>
            {
                var model = new OnnxModelBuilder();
                string[] Operand(string name, float scale) =>
                    [
                        model.Input(name, element, 70),
                        model.Constant(Scales.Scale(scale)),
                        model.Constant(Scales.Zero(element, name == "a" ? 77 : 130)),
                    ];
                string[] result = [model.Constant(Scales.Scale(0.25f / ratio)), model.Constant(Scales.Zero(element, 9))];
                var y = model.Microsoft(op, [.. Operand("a", 0.25f), .. Operand("b", 0.75f), .. result]);
                Differential.Check(model.Output(y, element), targets: Scales.BothStorages);
            },
            iter: 3
        );

    [Theory]
    [InlineData("QLinearSigmoid")]
    [InlineData("QLinearLeakyRelu")]
    public void Unary_operator_equals_onnxruntime_on_all_inputs(string op) =>
        Gen.Select(Scales.Byte, Gen.Float[0.01f, 0.2f], Gen.Float[0.001f, 0.02f], Gen.Int[0, 255], Gen.Int[0, 255])
            .Sample(
                (element, xScale, yScale, xZero, yZero) =>
                {
                    var model = new OnnxModelBuilder();
                    var x = model.Input("x", element, 256);
                    var y = model.Microsoft(op, [x, .. Parameters(model, element, xScale, xZero, yScale, yZero)]);
                    model.Output(y, element);
                    Differential.Check(
                        model,
                        inputs: new Dictionary<string, Array> { ["x"] = Scales.AllBytes(element) },
                        targets: [Target.Auto]
                    );
                },
                iter: 3
            );

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void GlobalAveragePool_near_ties_equals_onnxruntime(int channelsLast) =>
        Gen.Select(Scales.Byte, Scales.NearTies, Gen.Int[0, 255].Array[2], Gen.Int[1, 40], Gen.Int[1, 6], Gen.Int[0, 1000])
            .Sample(
                (element, scales, zeros, channels, size, seed) =>
                {
                    var model = new OnnxModelBuilder();
                    var x = model.Input("x", element, channelsLast == 1 ? [2, size, 4, channels] : [2, channels, size, 4]);
                    var y = model.Microsoft(
                        "QLinearGlobalAveragePool",
                        [x, .. Parameters(model, element, scales.A, zeros[0], scales.Y / 10, zeros[1])],
                        ("channels_last", channelsLast)
                    );
                    Differential.Check(model.Output(y, element), seed, targets: Scales.BothStorages);
                },
                iter: 3
            );

    [Fact]
    public void AveragePool_near_ties_equals_onnxruntime() =>
        Gen.Select(Scales.Byte, Scales.NearTies, Gen.Int[0, 255].Array[2], Gen.Int[1, 80], Gen.Int[0, 1], Gen.Int[0, 2], Gen.Int[0, 1000])
            .Sample(
                (element, scales, zeros, channels, countIncludePad, pad, seed) =>
                {
                    var model = new OnnxModelBuilder();
                    var x = model.Input("x", element, 1, channels, 7, 6);
                    var y = model.Microsoft(
                        "QLinearAveragePool",
                        [x, .. Parameters(model, element, scales.A, zeros[0], scales.Y / 10, zeros[1])],
                        ("kernel_shape", (int[])[3, 4]),
                        ("strides", (int[])[2, 1]),
                        ("pads", (int[])[pad, 1, 0, pad]),
                        ("count_include_pad", countIncludePad)
                    );
                    Differential.Check(model.Output(y, element), seed, targets: Scales.BothStorages);
                },
                iter: 3
            );

    [Fact]
    public void Concat_equals_onnxruntime()
    {
        var model = new OnnxModelBuilder();
        string[] Part(string name, int size, float scale, int zero) =>
            [
                model.Input(name, ElementType.UInt8, 2, size, 9),
                model.Constant(Scales.Scale(scale)),
                model.Constant(Scales.Zero(ElementType.UInt8, zero)),
            ];
        var y = model.Microsoft(
            "QLinearConcat",
            [
                model.Constant(Scales.Scale(0.02f)),
                model.Constant(Scales.Zero(ElementType.UInt8, 100)),
                .. Part("a", 3, 0.01f, 7),
                .. Part("b", 2, 0.02f, 100),
                .. Part("c", 1, 0.05f, 128),
            ],
            ("axis", 1)
        );
        Differential.Check(model.Output(y, ElementType.UInt8), targets: Scales.BothStorages);
    }

    [Fact]
    public void Softmax_equals_onnxruntime() =>
        Gen.Select(Scales.Byte, Gen.Float[0.01f, 0.3f], Gen.Int[0, 2], Gen.Int[1, 30], Gen.Int[7, 13], Gen.Int[0, 1000])
            .Sample(
                (element, scale, axis, size, opset, seed) =>
                {
                    var model = new OnnxModelBuilder();
                    var x = model.Input("x", element, 2, 3, size);
                    var y = model.Microsoft(
                        "QLinearSoftmax",
                        [x, .. Parameters(model, element, scale, 3, 1 / 254f, 0)],
                        ("axis", axis),
                        ("opset", opset)
                    );
                    Differential.Check(model.Output(y, element), seed, targets: Scales.BothStorages);
                },
                iter: 3
            );

    private static string[] Parameters(OnnxModelBuilder model, ElementType element, float xScale, int xZero, float yScale, int yZero) =>
        [
            model.Constant(Scales.Scale(xScale)),
            model.Constant(Scales.Zero(element, xZero)),
            model.Constant(Scales.Scale(yScale)),
            model.Constant(Scales.Zero(element, yZero)),
        ];
}
