using Google.Protobuf;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Compression.Quantisation;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Compression.Tests.Quantisation;

public sealed class CrossLayerEqualisationTests
{
    private readonly Random _random = new(3);

    [Fact]
    public void A_network_of_wild_channels_computes_the_same_and_loses_less_under_one_scale_a_layer()
    {
        var model = Wild();
        var (equalised, pairs) = Equalised(model.ToBytes());

        Assert.Equal(5, pairs);
        AssertSame(model.ToBytes(), equalised, 1e-5);
        var options = new QuantisationOptions { WeightScaling = WeightScaling.Tensor };
        var without = QuantisedModels.ErrorInOnnxRuntime(model, QuantisedModels.Quantise(model, options));
        var quantised = QuantisedModels.Quantise(model, options with { Equalise = true });
        var with = QuantisedModels.ErrorInOnnxRuntime(model, quantised);
        Assert.True(with < without / 3, $"{without} without, {with} with equalisation");
        QuantisedModels.AssertCompiledCodeAgrees(quantised);
    }

    [Theory]
    [InlineData("Relu")]
    [InlineData("LeakyRelu")]
    [InlineData("Identity")]
    [InlineData("GlobalAveragePool")]
    [InlineData("MaxPool")]
    [InlineData("Pad")]
    [InlineData("Clip without an upper bound")]
    [InlineData("PRelu")]
    [InlineData("Mul by constants")]
    [InlineData("Add of constants")]
    [InlineData("two readers")]
    public void Channels_are_scaled_through_what_passes_their_scale_on(string between)
    {
        var model = new OnnxModelBuilder();
        var x = Convolution(model, model.Input("x", ElementType.Float32, 1, 3, 6, 6), 3, 6);
        x = Between(model, x, between);
        var y = Convolution(model, x, 6, 4);
        model.Output(between == "two readers" ? model.Node("Add", [y, Convolution(model, x, 6, 4)]) : y, ElementType.Float32);

        var (equalised, pairs) = Equalised(model.ToBytes());
        Assert.Equal(1, pairs);
        Assert.NotEqual(Weights(model.ToBytes()), Weights(equalised));
        AssertSame(model.ToBytes(), equalised, 1e-5);
    }

    [Theory]
    [InlineData("Clip to 6")]
    [InlineData("Sigmoid")]
    [InlineData("graph output")]
    [InlineData("sum of two values")]
    [InlineData("Pad with ones")]
    [InlineData("shared weights")]
    public void Nothing_is_scaled_through_what_does_not(string between)
    {
        var model = new OnnxModelBuilder();
        var weights = Random(model, 6, 6, 1, 1);
        var x = model.Node("Conv", [model.Input("x", ElementType.Float32, 1, 6, 6, 6), weights]);
        var y = model.Node("Conv", [Between(model, x, between), between == "shared weights" ? weights : Random(model, 4, 6, 1, 1)]);
        model.Output(y, ElementType.Float32);
        if (between == "graph output")
        {
            model.Output(x, ElementType.Float32);
        }

        var (equalised, pairs) = Equalised(model.ToBytes());
        Assert.Equal(0, pairs);
        Assert.Equal(Weights(model.ToBytes()), Weights(equalised));
    }

    [Fact]
    public void Both_sides_of_a_channel_get_the_same_range()
    {
        var model = new OnnxModelBuilder();
        var first = model.Node("Gemm", [model.Input("x", ElementType.Float32, 1, 2), model.Constant([2, 2], 8, 0.5f, 1, 0.25f)]);
        model.Output(model.Node("MatMul", [model.Node("Relu", [first]), model.Constant([2, 2], 0.5f, -2, 32, 1)]), ElementType.Float32);

        var weights = Weights(Equalised(model.ToBytes()).Model);
        // √(8 · 2) and √(0.5 · 32), wherever rounding stops.
        Assert.Equal([4, 4, 0.5, 2], weights[0].Select(w => Math.Round(w, 2)));
        Assert.Equal([1, -4, 4, 0.12], weights[1].Select(w => Math.Round(w, 2)));
    }

    [Fact]
    public void Channels_without_weights_and_those_of_large_bias_are_not_blown_up()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 2);
        var first = model.Node("Gemm", [x, model.Constant([2, 3], 0, 1e-9f, 1, 0, 1e-9f, 1), model.Constant([3], 5, 5, 1)]);
        model.Output(model.Node("MatMul", [model.Node("Relu", [first]), model.Constant([3, 1], 1, 1, 1)]), ElementType.Float32);

        var (equalised, _) = Equalised(model.ToBytes());
        AssertSame(model.ToBytes(), equalised, 1e-5);
        var read = OnnxModel.Read(new ModelSource("equalised.onnx", equalised, _ => null));
        Assert.All(read.Constant(read.Graph.Node[0].Input[2])!.ToFloats(), bias => Assert.InRange(bias, 0, 5.0001f));
    }

    /// <summary>Layers of every kind whose channels differ by four orders of magnitude, though the function is a tame one.</summary>
    private OnnxModelBuilder Wild()
    {
        var model = new OnnxModelBuilder();
        var (a, b, c, d) = (Factors(8), Factors(8), Factors(10), Factors(6));
        var x = Scaled(model, "Conv", model.Input("x", ElementType.Float32, 1, 3, 8, 8), [8, 3, 3, 3], null, a);
        x = Scaled(model, "Conv", model.Node("Relu", [x]), [8, 1, 3, 3], a, b, ("group", 8));
        x = Scaled(model, "Conv", model.Node("LeakyRelu", [x]), [10, 8, 1, 1], b, c);
        x = model.Node("Flatten", [model.Node("MaxPool", [model.Node("Relu", [x])], ("kernel_shape", new[] { 2, 2 }))]);
        x = Scaled(model, "Gemm", x, [6, 10 * 9], [.. c.SelectMany(f => Enumerable.Repeat(f, 9))], d, ("transB", 1));
        // A product of its own with the sum behind it.
        var e = Factors(7);
        float[] weights = [.. Enumerable.Range(0, 42).Select(i => Next() / d[i / 7] * e[i % 7])];
        x = model.Node("MatMul", [model.Node("Relu", [x]), model.Constant([6, 7], weights)]);
        x = model.Node("Relu", [model.Node("Add", [x, model.Constant([7], [.. e.Select(f => Next() * f)])])]);
        return model.Output(Scaled(model, "Gemm", x, [4, 7], e, null, ("transB", 1)), ElementType.Float32);
    }

    private string Scaled(
        OnnxModelBuilder model,
        string operatorType,
        string x,
        int[] shape,
        float[]? inputs,
        float[]? outputs,
        params (string, object)[] attributes
    )
    {
        var (perOutput, taps) = (shape.Skip(1).Aggregate(1, (p, s) => p * s), shape.Skip(2).Aggregate(1, (p, s) => p * s));
        float[] weights =
        [
            .. Enumerable
                .Range(0, shape[0] * perOutput)
                .Select(i =>
                    Next()
                    * (outputs?[i / perOutput] ?? 1)
                    // Of a depthwise convolution input and output are the same channel.
                    / (inputs?[shape[1] == 1 ? i / perOutput : i % perOutput / taps] ?? 1)
                ),
        ];
        float[] bias = [.. Enumerable.Range(0, shape[0]).Select(o => Next() * (outputs?[o] ?? 1))];
        return model.Node(operatorType, [x, model.Constant(shape, weights), model.Constant([shape[0]], bias)], attributes);
    }

    private string Between(OnnxModelBuilder model, string x, string between) =>
        between switch
        {
            "two readers" or "graph output" or "shared weights" => x,
            "MaxPool" => model.Node("MaxPool", [x], ("kernel_shape", new[] { 2, 2 })),
            "Pad" => model.Node("Pad", [x, model.Constant(Tensor.Longs(0, 0, 1, 1, 0, 0, 1, 1))]),
            "Pad with ones" => model.Node("Pad", [x, model.Constant(Tensor.Longs(0, 0, 1, 1, 0, 0, 1, 1)), model.Constant([], 1)]),
            "Clip without an upper bound" => model.Node("Clip", [x, model.Constant([], 0)]),
            "Clip to 6" => model.Node("Clip", [x, model.Constant([], 0), model.Constant([], 6)]),
            "PRelu" => model.Node("PRelu", [x, Random(model, 6, 1, 1)]),
            "Mul by constants" => model.Node("Mul", [Random(model, 1, 6, 1, 1), x]),
            "Add of constants" => model.Node("Add", [x, Random(model, 6, 1, 1)]),
            "sum of two values" => model.Node("Add", [x, model.Node("Relu", [x])]),
            _ => model.Node(between, [x]),
        };

    private static (byte[] Model, int Pairs) Equalised(byte[] bytes)
    {
        var model = OnnxModel.Read(new ModelSource("model.onnx", bytes, _ => null));
        var pairs = CrossLayerEqualisation.Apply(model, "model.onnx", new CompileOptions());
        return (model.Proto.ToByteArray(), pairs);
    }

    private static void AssertSame(byte[] before, byte[] after, double tolerance)
    {
        for (var seed = 1; seed <= 5; seed++)
        {
            var error = OutputError.Of(FloatModels.RunInOnnxRuntime(before, seed), FloatModels.RunInOnnxRuntime(after, seed));
            Assert.InRange(error, 0, tolerance);
        }
    }

    private static List<float[]> Weights(byte[] bytes)
    {
        var model = OnnxModel.Read(new ModelSource("model.onnx", bytes, _ => null));
        return [.. WeightTensor.AllOf(model).Select(w => w.Weights.ToFloats())];
    }

    private string Convolution(OnnxModelBuilder model, string x, int inputs, int outputs) =>
        model.Node("Conv", [x, Random(model, outputs, inputs, 1, 1), Random(model, outputs)]);

    private string Random(OnnxModelBuilder model, params int[] shape) =>
        model.Constant(shape, [.. Enumerable.Range(0, shape.Aggregate(1, (p, s) => p * s)).Select(_ => Next())]);

    private float[] Factors(int count) => [.. Enumerable.Range(0, count).Select(_ => MathF.Pow(10, 2 * Next()))];

    private float Next() => (_random.NextSingle() * 2) - 1;
}
