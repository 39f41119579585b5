using CsCheck;
using ModelCompiler.Core.Tests.Kernels;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Quantised;

/// <summary>DequantizeLinear → operator → activation → QuantizeLinear against ONNX Runtime, to the bit.</summary>
public sealed class QdqPatternTests
{
    private static readonly Gen<string?> Activations = Int8Models.Pick<string?>(null, null, "Relu", "Clip");

    [Fact]
    public void Convolution_near_ties_equals_onnxruntime() =>
        Gen.Select(Scales.Byte, Scales.NearTies, Gen.Int[0, 255].Array[2], Gen.Bool, Gen.Int[0, 1], Activations, Gen.Int[0, 1000])
            .Sample(
                (element, scales, zeros, perChannel, floatBias, activation, seed) =>
                {
                    const int Channels = 6;
                    var random = new Random(seed);
                    var model = new OnnxModelBuilder();
                    var x = Input(model, "x", element, scales.A, zeros[0], 1, 5, 7, 6);
                    float[] w = [.. Enumerable.Range(1, perChannel ? Channels : 1).Select(i => i / 256f)];
                    var weights = Weights(model, random, w, 0, [Channels, 5, 3, 3]);
                    float[] biasScales = [.. w.Select(s => scales.A * s)];
                    var bias =
                        floatBias == 1
                            ? model.Constant(
                                [Channels],
                                [.. Enumerable.Range(0, Channels).Select(i => (random.NextSingle() - 0.5f) * scales.Y * 20)]
                            )
                            : Bias(model, random, biasScales, Channels);
                    var y = model.Node("Conv", [x, weights, bias], ("pads", (int[])[1, 0, 0, 1]), ("strides", (int[])[2, 1]));
                    var clamped = Activated(model, y, activation, scales.Y);
                    Check(model, Output(model, clamped, element, scales.Y, zeros[1]), element, seed, QuantaBehind(activation, zeros[1]));
                },
                iter: 4
            );

    [Theory]
    [InlineData("Gemm", 0)]
    [InlineData("Gemm", 1)]
    [InlineData("MatMul", 0)]
    public void Matrix_product_near_ties_equals_onnxruntime(string op, int transposed) =>
        Gen.Select(Scales.Byte, Scales.NearTies, Gen.Int[0, 255].Array[2], Gen.Bool, Gen.Int[0, 1000])
            .Sample(
                (element, scales, zeros, perColumn, seed) =>
                {
                    const int Columns = 21;
                    var random = new Random(seed);
                    var model = new OnnxModelBuilder();
                    var x = Input(model, "x", element, scales.A, zeros[0], 3, 17);
                    float[] w = [.. Enumerable.Range(1, perColumn ? Columns : 1).Select(i => i / 512f)];
                    // ONNX Runtime multiplies integers in a Gemm only if the weights' zero point is written down.
                    int[] shape = transposed == 1 ? [Columns, 17] : [17, Columns];
                    var weights = Weights(model, random, w, 1 - transposed, shape, zeroPoints: true);
                    var y =
                        op == "MatMul"
                            ? model.Node(op, [x, weights])
                            : model.Node(
                                op,
                                [x, weights, Bias(model, random, [.. w.Select(s => scales.A * s)], Columns)],
                                ("transB", transposed)
                            );
                    Check(model, Output(model, y, element, scales.Y, zeros[1]), element, seed);
                },
                iter: 3
            );

    [Theory]
    [InlineData("Add")]
    [InlineData("Mul")]
    public void Binary_operator_near_ties_equals_onnxruntime(string op) =>
        Gen.Select(Scales.Byte, Scales.NearTies, Gen.Int[0, 255].Array[3], Activations, Gen.Bool, Gen.Int[0, 1000])
            .Sample(
                (element, scales, zeros, activation, vector, seed) =>
                {
                    var model = new OnnxModelBuilder();
                    var a = Input(model, "a", element, scales.A, zeros[0], 1, 8, 5, 5);
                    var b = Input(model, "b", element, scales.B, zeros[1], vector ? [1, 8, 1, 1] : [1, 8, 5, 5]);
                    var y = Activated(model, model.Node(op, vector ? [b, a] : [a, b]), activation, scales.Y);
                    Check(model, Output(model, y, element, scales.Y, zeros[2]), element, seed, QuantaBehind(activation, zeros[2]));
                },
                iter: 4
            );

    [Theory]
    [InlineData("AveragePool")]
    [InlineData("GlobalAveragePool")]
    [InlineData("MaxPool")]
    public void Pool_near_ties_equals_onnxruntime(string op) =>
        Gen.Select(Scales.Byte, Scales.NearTies, Gen.Int[0, 255].Array[2], Gen.Int[0, 1000])
            .Sample(
                (element, scales, zeros, seed) =>
                {
                    var model = new OnnxModelBuilder();
                    var x = Input(model, "x", element, scales.A, zeros[0], 1, 9, 6, 6);
                    var y = model.Node(
                        op,
                        [x],
                        op == "GlobalAveragePool"
                            ? []
                            : [("kernel_shape", (int[])[3, 2]), ("strides", (int[])[2, 2]), ("pads", (int[])[1, 0, 0, 1])]
                    );
                    Check(model, Output(model, y, element, scales.Y / 8, zeros[1]), element, seed);
                },
                iter: 3
            );

    [Theory]
    [InlineData("Sigmoid", 0)]
    [InlineData("LeakyRelu", 0)]
    [InlineData("Relu", 0)]
    [InlineData("Tanh", 1)]
    [InlineData("HardSigmoid", 1)]
    [InlineData("HardSwish", 1)]
    public void Activation_becomes_a_table_that_equals_onnxruntime(string op, int quanta) =>
        Gen.Select(Scales.Byte, Gen.Float[0.01f, 0.1f], Gen.Float[0.004f, 0.02f], Gen.Int[0, 255].Array[2])
            .Sample(
                (element, xScale, yScale, zeros) =>
                {
                    var model = new OnnxModelBuilder(14);
                    var y = model.Node(op, [Input(model, "x", element, xScale, zeros[0], 256)]);
                    Differential.Check(
                        model.Output(Output(model, y, element, yScale, zeros[1]), element),
                        tolerance: new(Quanta: quanta),
                        inputs: new Dictionary<string, Array> { ["x"] = Scales.AllBytes(element) },
                        targets: [Target.Auto],
                        signedQuantisedOperators: true
                    );
                },
                iter: 4
            );

    [Fact]
    public void Moved_and_joined_integers_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder();
        var a = Input(model, "a", ElementType.Int8, 0.1f, 120, 1, 4, 3, 6);
        var b = Input(model, "b", ElementType.Int8, 0.2f, 100, 1, 2, 6, 3);
        var turned = model.Node("Transpose", [b], ("perm", (int[])[0, 1, 3, 2]));
        var joined = Output(model, model.Node("Concat", [a, turned], ("axis", 1)), ElementType.Int8, 0.15f, 128);
        var real = model.Node(
            "DequantizeLinear",
            [joined, model.Constant(Scales.Scale(0.15f)), model.Constant(Scales.Zero(ElementType.Int8, 128))]
        );
        var flat = model.Node("Flatten", [model.Node("MaxPool", [real], ("kernel_shape", (int[])[2, 2]))]);
        Check(model, Output(model, flat, ElementType.Int8, 0.1f, 90), ElementType.Int8, 1);
    }

    [Fact]
    public void Product_whose_result_stays_float_multiplies_integers()
    {
        var random = new Random(1);
        var model = new OnnxModelBuilder();
        var x = Input(model, "x", ElementType.Int8, 0.05f, 100, 3, 33);
        var w = Weights(model, random, [.. Enumerable.Range(1, 10).Select(i => i / 300f)], 1, [33, 10]);
        var bias = Bias(model, random, [.. Enumerable.Range(1, 10).Select(i => 0.05f * (i / 300f))], 10);
        model.Output(model.Node("Gemm", [x, w, bias]), ElementType.Float32);
        Differential.Check(model, targets: Scales.Targets, signedQuantisedOperators: true);
    }

    private static void Check(OnnxModelBuilder model, string output, ElementType element, int seed, int quanta = 0) =>
        Differential.Check(
            model.Output(output, element),
            seed,
            new(Quanta: quanta),
            targets: Scales.Targets,
            signedQuantisedOperators: true
        );

    /// <summary>
    /// ONNX Runtime drops an activation only where the range of the integers implies it, and else leaves the operator in float.
    /// </summary>
    private static int QuantaBehind(string? activation, int zeroFromLowest) =>
        activation is null || (activation == "Relu" && zeroFromLowest == 0) ? 0 : 1;

    private static string Input(OnnxModelBuilder model, string name, ElementType element, float scale, int zero, params int[] shape) =>
        model.Node(
            "DequantizeLinear",
            [model.Input(name, element, shape), model.Constant(Scales.Scale(scale)), model.Constant(Scales.Zero(element, zero))]
        );

    private static string Output(OnnxModelBuilder model, string real, ElementType element, float scale, int zero) =>
        model.Node("QuantizeLinear", [real, model.Constant(Scales.Scale(scale)), model.Constant(Scales.Zero(element, zero))]);

    private static string Activated(OnnxModelBuilder model, string value, string? activation, float scale) =>
        activation switch
        {
            "Clip" => model.Node("Clip", [value, model.Constant([], -3.2f * scale), model.Constant([], 40.7f * scale)]),
            "Relu" => model.Node("Relu", [value]),
            _ => value,
        };

    private static string Weights(OnnxModelBuilder model, Random random, float[] scales, int axis, int[] shape, bool zeroPoints = false)
    {
        var bytes = new byte[new TensorShape(shape).Elements];
        random.NextBytes(bytes);
        var integers = model.Constant(Tensor.FromBytes(new TensorType(ElementType.Int8, new TensorShape(shape)), bytes));
        int[] perChannel = scales.Length == 1 ? [] : [scales.Length];
        var zeros = new TensorType(ElementType.Int8, new TensorShape(perChannel));
        string[] zero = zeroPoints ? [model.Constant(Tensor.FromBytes(zeros, new byte[scales.Length]))] : [];
        return model.Node("DequantizeLinear", [integers, model.Constant(perChannel, scales), .. zero], ("axis", axis));
    }

    private static string Bias(OnnxModelBuilder model, Random random, float[] scales, int count)
    {
        var values = Enumerable.Range(0, count).Select(_ => random.Next(-3000, 3000)).ToArray();
        var integers = model.Constant(Tensor.From<int>(ElementType.Int32, new TensorShape(count), values));
        return scales.Length == 1
            ? model.Node("DequantizeLinear", [integers, model.Constant([], scales)])
            : model.Node("DequantizeLinear", [integers, model.Constant([scales.Length], scales)], ("axis", 0));
    }
}
