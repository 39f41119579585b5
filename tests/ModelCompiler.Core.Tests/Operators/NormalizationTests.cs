using CsCheck;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Core.Tests.Operators;

public sealed class NormalizationTests
{
    [Fact]
    public void Batch_normalisation_in_training_normalises_by_the_batch()
    {
        var (model, reference) = (new OnnxModelBuilder(15), new OnnxModelBuilder(18));
        var inputs = Inputs(model);
        var outputs = model.Node(
            "BatchNormalization",
            "",
            inputs,
            [("training_mode", 1), ("momentum", 0.7f), ("epsilon", 0.01f)],
            outputs: 3
        );
        var x = Inputs(reference);
        var axes = reference.Constant(Tensor.Longs(0, 2, 3));
        var mean = reference.Node("ReduceMean", [x[0], axes]);
        var centred = reference.Node("Sub", [x[0], mean]);
        var variance = reference.Node("ReduceMean", [reference.Node("Mul", [centred, centred]), axes]);
        var deviation = reference.Node("Sqrt", [reference.Node("Add", [variance, reference.Constant([], 0.01f)])]);
        var scaled = reference.Node("Mul", [reference.Node("Div", [centred, deviation]), Shaped(x[1], 1, 3, 1, 1)]);
        string[] expected = [reference.Node("Add", [scaled, Shaped(x[2], 1, 3, 1, 1)]), Running(x[3], mean), Running(x[4], variance)];
        foreach (var (output, other) in outputs.Zip(expected))
        {
            model.Output(output, ElementType.Float32);
            reference.Output(other, ElementType.Float32);
        }

        Reference.Check(model, reference);

        static string[] Inputs(OnnxModelBuilder model) =>
            [
                model.Input("x", ElementType.Float32, 2, 3, 4, 5),
                .. new[] { "scale", "bias", "mean", "variance" }.Select(name => model.Input(name, ElementType.Float32, 3)),
            ];

        string Shaped(string value, params long[] shape) => reference.Node("Reshape", [value, reference.Constant(Tensor.Longs(shape))]);

        string Running(string before, string now) =>
            reference.Node(
                "Add",
                [
                    reference.Node("Mul", [before, reference.Constant([], 0.7f)]),
                    reference.Node("Mul", [Shaped(now, 3), reference.Constant([], 0.3f)]),
                ]
            );
    }

    [Fact]
    public void Softmax_along_any_axis_equals_onnxruntime_on_every_target() =>
        Gen.Select(Gen.Int[1, 37].Array[1, 3], Gen.Int[0, 2])
            .Sample(
                (shape, axis) =>
                {
                    foreach (var opset in new[] { 11, 13 })
                    {
                        var model = new OnnxModelBuilder(opset);
                        var x = model.Input("x", ElementType.Float32, shape);
                        model.Output(model.Node("Softmax", [x], ("axis", axis % shape.Length)), ElementType.Float32);
                        model.Output(model.Node("LogSoftmax", [x], ("axis", axis % shape.Length)), ElementType.Float32);
                        Differential.Check(model, axis);
                    }
                },
                iter: 3
            );

    [Fact]
    public void Softmax_of_large_numbers_does_not_overflow()
    {
        var model = new OnnxModelBuilder(13);
        var x = model.Input("x", ElementType.Float32, 2, 19);
        model.Output(model.Node("Softmax", [x]), ElementType.Float32);
        model.Output(model.Node("LogSoftmax", [x]), ElementType.Float32);
        float[] values =
        [
            .. Enumerable
                .Range(0, 38)
                .Select(i =>
                    i < 19 ? i * 1e4f
                    : i == 25 ? float.NegativeInfinity
                    : -i * 30f
                ),
        ];
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["x"] = values });
    }

    [Theory]
    [InlineData("Softmax", 10)]
    [InlineData("Softmax", 32)]
    [InlineData("LogSoftmax", 13)]
    public void Softmax_of_few_elements_in_few_bytes_of_code_gives_the_same_bits(string op, int elements)
    {
        var model = new OnnxModelBuilder(13);
        model.Output(model.Node(op, [model.Input("x", ElementType.Float32, 1, elements)]), ElementType.Float32);
        Differential.Check(model, weights: WeightChoice.Smallest);

        var values = Enumerable.Range(0, elements).Select(i => MathF.Sin(i) * 3).ToArray();
        var (fast, fastCode) = Run(model, WeightChoice.Fastest, values);
        var (small, smallCode) = Run(model, WeightChoice.Smallest, values);
        Assert.Equal(fast.Select(BitConverter.SingleToInt32Bits), small.Select(BitConverter.SingleToInt32Bits));
        Assert.Contains("_Avx2", fastCode, StringComparison.Ordinal);
        Assert.DoesNotContain("_Avx2", smallCode, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, 5, 48, -1)]
    [InlineData(3, 7, 5, 1)]
    [InlineData(2, 3, 3, -1)]
    public void Layer_normalisation_and_its_statistics_equal_onnxruntime(int a, int b, int c, int axis)
    {
        var model = new OnnxModelBuilder(17);
        var x = model.Input("x", ElementType.Float32, a, b, c);
        int[] normalised = axis == -1 ? [c] : [b, c];
        var scale = model.Input("scale", ElementType.Float32, normalised);
        var bias = model.Input("bias", ElementType.Float32, normalised);
        foreach (var output in model.Node("LayerNormalization", "", [x, scale, bias], [("axis", axis)], outputs: 3))
        {
            model.Output(output, ElementType.Float32);
        }

        model.Output(model.Node("LayerNormalization", [x, scale], ("axis", axis)), ElementType.Float32);
        Differential.Check(model);
    }

    [Theory]
    [InlineData(-1, 7)]
    [InlineData(1, 5, 7)]
    [InlineData(1, 1, 7)]
    public void Normalisation_by_the_root_of_mean_squares_equals_onnxruntime(int axis, params int[] scale)
    {
        var model = new OnnxModelBuilder(23);
        string[] inputs = [model.Input("x", ElementType.Float32, 3, 5, 7), model.Input("scale", ElementType.Float32, scale)];
        model.Output(model.Node("RMSNormalization", inputs, ("axis", axis), ("epsilon", 0.01f)), ElementType.Float32);
        Differential.Check(model);
    }

    [Fact]
    public void Instance_normalisation_equals_onnxruntime()
    {
        var model = new OnnxModelBuilder(17);
        var x = model.Input("x", ElementType.Float32, 2, 3, 5, 7);
        string[] inputs = [x, model.Constant([3], 1, 0.5f, -2), model.Constant([3], 0.1f, 0, 1)];
        model.Output(model.Node("InstanceNormalization", inputs), ElementType.Float32);
        Differential.Check(model);
    }

    private static (float[] Output, string Code) Run(OnnxModelBuilder model, WeightChoice weights, float[] input)
    {
        var options = new CompileOptions { ClassName = "TestModel", Weights = weights };
        var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), options);
        using var network = CompiledNetwork.Load(compiled, options);
        return ((float[])network.Run(input)[0].Elements, compiled.Implementation);
    }
}
