using ModelCompiler.Compression.Calibration;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Compression.Quantisation;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Tests.Quantisation;

public sealed class PostTrainingQuantisationTests
{
    private readonly Random _random = new(7);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_separable_network_becomes_integer_from_end_to_end(bool signed)
    {
        var model = new OnnxModelBuilder(17);
        var x = model.Input("x", ElementType.Float32, 1, 3, 8, 8);
        x = Normalised(model, Convolution(model, x, 3, 8, 3, ("pads", new[] { 1, 1, 1, 1 })), 8);
        x = model.Node("Relu", [x]);
        x = Normalised(model, Convolution(model, x, 1, 8, 3, ("group", 8), ("strides", new[] { 2, 2 }), ("pads", new[] { 1, 1, 1, 1 })), 8);
        var skip = model.Node("Clip", [x, model.Constant([], 0), model.Constant([], 6)]);
        x = Convolution(model, skip, 8, 8, 1);
        x = model.Node("Relu", [model.Node("Add", [x, skip])]);
        x = model.Node("MaxPool", [x], ("kernel_shape", new[] { 2, 2 }), ("strides", new[] { 2, 2 }));
        x = model.Node("Flatten", [model.Node("GlobalAveragePool", [x])]);
        x = model.Node("Gemm", [x, Weights(model, 5, 8), Weights(model, 5)], ("transB", 1));
        model.Output(model.Node("Softmax", [x]), ElementType.Float32);

        var quantised = QuantisedModels.Quantise(model, signed);
        Assert.Empty(quantised.FloatNodes);
        Assert.Equal(3, quantised.IntegerNodes["Conv"]);
        var proto = QuantisedModels.Proto(quantised);
        Assert.DoesNotContain(proto.Graph.Node, n => n.OpType == "BatchNormalization");
        // One pair a value: input, five results of products and sums, pool, its flat view, mean, scores.
        Assert.Equal(9, proto.Graph.Node.Count(n => n.OpType == "QuantizeLinear"));
        Assert.InRange(QuantisedModels.ErrorInOnnxRuntime(model, quantised), 0, 0.03);
        QuantisedModels.AssertCompiledCodeAgrees(quantised);
    }

    [Fact]
    public void Matrix_products_take_the_bias_behind_them_into_their_sums()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 12);
        x = model.Node("Add", [model.Node("MatMul", [x, Weights(model, 12, 6)]), Weights(model, 6)]);
        x = model.Node("Add", [Weights(model, 4), model.Node("MatMul", [model.Node("Relu", [x]), Weights(model, 6, 4)])]);
        model.Output(x, ElementType.Float32);

        var quantised = QuantisedModels.Quantise(model);
        Assert.Equal(new Dictionary<string, int> { ["Gemm"] = 2, ["Relu"] = 1 }, quantised.IntegerNodes);
        Assert.InRange(QuantisedModels.ErrorInOnnxRuntime(model, quantised), 0, 0.05);
        QuantisedModels.AssertCompiledCodeAgrees(quantised);
    }

    [Fact]
    public void What_gives_values_the_units_of_each_channel_at_the_end_stays_in_float()
    {
        var model = new OnnxModelBuilder();
        float[] scales = [1000, 1, 0.001f, 1e-6f];
        var x = model.Input("x", ElementType.Float32, 1, 4);
        x = model.Node("Gemm", [x, Weights(model, 8, 4), Weights(model, 8)], ("transB", 1));
        x = model.Node("Gemm", [model.Node("Relu", [x]), Weights(model, 4, 8), Weights(model, 4)], ("transB", 1));
        x = model.Node("Mul", [x, model.Constant([4], scales)]);
        model.Output(model.Node("Add", [x, model.Constant([4], scales)]), ElementType.Float32);

        var quantised = QuantisedModels.Quantise(model);
        Assert.Equal(new Dictionary<string, int> { ["Gemm"] = 2, ["Relu"] = 1 }, quantised.IntegerNodes);
        QuantisedModels.AssertCompiledCodeAgrees(quantised);
        // The smallest channel is as exact as the largest, which one scale for both would not let it be.
        using var before = new OnnxRuntimeOracle(model.ToBytes());
        using var after = new OnnxRuntimeOracle(quantised.Model);
        var input = new NamedTensor("x", new TensorType(ElementType.Float32, new TensorShape(1, 4)), new[] { 0.5f, -0.25f, 0.125f, -0.5f });
        var (expected, actual) = ((float[])before.Run(input)[0].Elements, (float[])after.Run(input)[0].Elements);
        Assert.All(Enumerable.Range(0, 4), c => Assert.InRange(Math.Abs(expected[c] - actual[c]), 0, 0.1 * scales[c]));
    }

    [Fact]
    public void Values_that_are_only_moved_keep_one_scale()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 6, 6, 4);
        x = Convolution(model, model.Node("Transpose", [x], ("perm", new[] { 0, 3, 1, 2 })), 4, 4, 1);
        x = model.Node("Reshape", [x, model.Constant(Tensor.Longs(1, 4, 36))]);
        x = model.Node("MatMul", [model.Node("Transpose", [x], ("perm", new[] { 0, 2, 1 })), Weights(model, 4, 3)]);
        model.Output(x, ElementType.Float32);

        var quantised = QuantisedModels.Quantise(model);
        var pairs = QuantisedModels.Proto(quantised).Graph.Node.Where(n => n.OpType == "QuantizeLinear").ToList();
        Assert.Equal(6, pairs.Count);
        Assert.Equal(3, pairs.Select(p => p.Input[1]).Distinct().Count());
        Assert.InRange(QuantisedModels.ErrorInOnnxRuntime(model, quantised), 0, 0.03);
        QuantisedModels.AssertCompiledCodeAgrees(quantised);
    }

    [Fact]
    public void A_value_that_is_always_zero_and_channels_without_weights_stay_exact()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 2, 4, 4);
        var zero = model.Node("Conv", [x, model.Constant([2, 2, 1, 1], 0, 0, 0, 0)]);
        var weights = model.Constant([2, 2, 1, 1], 0, 0, 1, -1);
        model.Output(model.Node("Conv", [zero, weights, model.Constant([2], 0.7f, -3)]), ElementType.Float32);

        var quantised = QuantisedModels.Quantise(model);
        Assert.InRange(QuantisedModels.ErrorInOnnxRuntime(model, quantised), 0, 0.01);
        QuantisedModels.AssertCompiledCodeAgrees(quantised);
    }

    [Fact]
    public void Both_sides_of_a_product_and_constants_of_sums_are_quantised()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 4, 4);
        var y = model.Input("y", ElementType.Float32, 1, 4, 4);
        var product = model.Node("MatMul", [x, y]);
        model.Output(model.Node("Mul", [model.Node("Add", [product, Weights(model, 4)]), product]), ElementType.Float32);

        var quantised = QuantisedModels.Quantise(model);
        Assert.Equal(["Add", "MatMul", "Mul"], quantised.IntegerNodes.Keys);
        Assert.InRange(QuantisedModels.ErrorInOnnxRuntime(model, quantised), 0, 0.05);
        QuantisedModels.AssertCompiledCodeAgrees(quantised);
    }

    [Fact]
    public void Average_ranges_are_narrower_than_those_of_all_samples()
    {
        var model = new OnnxModelBuilder();
        model.Output(model.Node("MatMul", [model.Input("x", ElementType.Float32, 1, 4), Weights(model, 4, 4)]), ElementType.Float32);
        IReadOnlyList<NamedTensor>[] samples =
        [
            .. new[] { 1f, 1, 1, 5 }.Select(high =>
                new[] { new NamedTensor("x", new TensorType(ElementType.Float32, new(1, 4)), (float[])[0, high, 0, 0]) }
            ),
        ];

        Assert.Equal((5f / 255, 2f / 255), (ScaleOfInput(RangeRule.MinMax), ScaleOfInput(RangeRule.Average)));
        // Weights of 1/15, 2/15, 4/15 and 8/15.
        Assert.Equal(47 / 15f / 255, ScaleOfInput(RangeRule.MovingAverage), 1e-7f);

        float ScaleOfInput(RangeRule rule)
        {
            var source = new ModelSource("float.onnx", model.ToBytes(), _ => null);
            var quantised = PostTrainingQuantisation.Run(source, samples, new QuantisationOptions { Ranges = rule, Momentum = 0.5 });
            var result = OnnxModel.Read(new ModelSource("quantised.onnx", quantised.Model, _ => null));
            return result.Constant(result.Consumers("x").Single().Input[1])!.ToFloats().Single();
        }
    }

    [Fact]
    public void What_cannot_be_integer_stays_float_and_is_named()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 2, 4, 4);
        var weights = model.Input("w", ElementType.Float32, 2, 2, 1, 1);
        model.Output(model.Node("Conv", [x, weights]), ElementType.Float32);

        var quantised = QuantisedModels.Quantise(model);
        Assert.Empty(quantised.IntegerNodes);
        Assert.Contains("weights", Assert.Single(quantised.FloatNodes).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Faults_of_model_and_samples_are_sentences()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 4);
        model.Output(model.Node("MatMul", [model.Node("Log", [x]), Weights(model, 4, 4)]), ElementType.Float32);
        Assert.Contains("finite", Fault(() => QuantisedModels.Quantise(model)), StringComparison.Ordinal);
        Assert.Contains("samples", Fault(() => QuantisedModels.Quantise(model, samples: 0)), StringComparison.Ordinal);
        Assert.Contains("float.onnx", Fault(() => QuantisedModels.Quantise([1, 2, 3])), StringComparison.Ordinal);

        static string Fault(Action action) => Assert.Throws<CompressionException>(action).Message;
    }

    private string Convolution(
        OnnxModelBuilder model,
        string x,
        int inputs,
        int outputs,
        int kernel,
        params (string, object)[] attributes
    ) => model.Node("Conv", [x, Weights(model, outputs, inputs, kernel, kernel), Weights(model, outputs)], attributes);

    private string Normalised(OnnxModelBuilder model, string x, int channels)
    {
        var variance = Enumerable.Range(0, channels).Select(_ => 0.5f + _random.NextSingle()).ToArray();
        return model.Node(
            "BatchNormalization",
            [x, Weights(model, channels), Weights(model, channels), Weights(model, channels), model.Constant([channels], variance)]
        );
    }

    private string Weights(OnnxModelBuilder model, params int[] shape) =>
        model.Constant(shape, [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => (_random.NextSingle() * 2) - 1)]);
}
