using System.Runtime.InteropServices;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Compression.Quantisation;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Compression.Tests.Quantisation;

public sealed class BitWidthTests
{
    [Theory]
    [InlineData(4, 8, false, 0.2)]
    [InlineData(4, 8, true, 0.2)]
    [InlineData(8, 16, false, 0.02)]
    [InlineData(8, 16, true, 0.02)]
    [InlineData(4, 16, false, 0.2)]
    public void Networks_with_other_integers_run_in_onnxruntime_and_compile(int weightBits, int activationBits, bool signed, double error)
    {
        var model = Network();
        var quantised = QuantisedModels.Quantise(
            model,
            new QuantisationOptions
            {
                SignedActivations = signed,
                WeightBits = weightBits,
                ActivationBits = activationBits,
            }
        );

        Assert.Empty(quantised.FloatNodes);
        Assert.Equal(21, QuantisedModels.Proto(quantised).OpsetImport[0].Version);
        Assert.InRange(QuantisedModels.ErrorInOnnxRuntime(model, quantised), 1e-6, error);
        QuantisedModels.AssertCompiledCodeAgrees(quantised);
    }

    [Theory]
    [InlineData(8, false, 0.02)]
    [InlineData(8, true, 0.02)]
    [InlineData(4, false, 0.3)]
    [InlineData(4, true, 0.3)]
    public void Networks_with_one_scale_a_layer_run_in_onnxruntime_and_compile(int bits, bool asymmetric, double error)
    {
        var model = Network();
        var options = new QuantisationOptions
        {
            WeightBits = bits,
            WeightScaling = WeightScaling.Tensor,
            AsymmetricWeights = asymmetric,
        };
        var quantised = QuantisedModels.Quantise(model, options);

        Assert.Empty(quantised.FloatNodes);
        Assert.DoesNotContain(
            QuantisedModels.Proto(quantised).Graph.Initializer,
            i => i.Name.EndsWith("_scale", StringComparison.Ordinal) && i.Dims.Count > 0
        );
        Assert.InRange(QuantisedModels.ErrorInOnnxRuntime(model, quantised), 1e-6, error);
        QuantisedModels.AssertCompiledCodeAgrees(quantised);
    }

    [Fact]
    public void Choices_that_contradict_each_other_are_refused()
    {
        AssertRefused("one scale a layer", new QuantisationOptions { AsymmetricWeights = true });
        AssertRefused(
            "truncation",
            new QuantisationOptions
            {
                AsymmetricWeights = true,
                WeightScaling = WeightScaling.Tensor,
                Rule = QuantisationRule.Truncate,
            }
        );
        AssertRefused("momentum", new QuantisationOptions { Momentum = 1 });
        AssertRefused("bits", new QuantisationOptions { LayerWeightBits = new Dictionary<string, int> { ["layer"] = 2 } });

        static void AssertRefused(string part, QuantisationOptions options) =>
            Assert.Contains(
                part,
                Assert.Throws<CompressionException>(() => QuantisedModels.Quantise(Network(), options)).Message,
                StringComparison.Ordinal
            );
    }

    [Theory]
    [InlineData(8, 8, false, 0.1)]
    [InlineData(8, 8, true, 0.1)]
    [InlineData(4, 16, false, 0.6)]
    public void Truncation_costs_more_than_rounding_and_runs_everywhere(int weightBits, int activationBits, bool signed, double error)
    {
        var model = Network();
        var rounded = new QuantisationOptions
        {
            SignedActivations = signed,
            WeightBits = weightBits,
            ActivationBits = activationBits,
        };
        var truncated = QuantisedModels.Quantise(model, rounded with { Rule = QuantisationRule.Truncate });

        var least = QuantisedModels.ErrorInOnnxRuntime(model, QuantisedModels.Quantise(model, rounded));
        Assert.InRange(QuantisedModels.ErrorInOnnxRuntime(model, truncated), least, error);
        QuantisedModels.AssertCompiledCodeAgrees(truncated);
    }

    [Fact]
    public void Weights_of_4_bits_are_two_in_a_byte_and_symmetric()
    {
        var model = new OnnxModelBuilder();
        var weights = model.Constant([3, 3], 7, -7, 1, -70, 30, 14, 0, 0, 0);
        var product = model.Node("Gemm", [model.Input("x", ElementType.Float32, 1, 3), weights], ("transB", 1));
        model.Output(product, ElementType.Float32);

        var file = QuantisedModels.Quantise(model, new QuantisationOptions { WeightBits = 4 }).Model;
        var read = OnnxModel.Read(new ModelSource("quantised.onnx", file, _ => null));
        var integers = read.Graph.Initializer.Single(i => i.DataType == (int)ElementType.Int4 && i.Dims.Count == 2);
        Assert.Equal(5, integers.RawData.Length);
        Assert.Equal<sbyte>([7, -7, 1, -7, 3, 1, 0, 0, 0], MemoryMarshal.Cast<byte, sbyte>(read.Constant(integers.Name)!.Bytes).ToArray());
    }

    [Fact]
    public void Operators_that_changed_up_to_opset_21_mean_the_same()
    {
        var model = new OnnxModelBuilder(opset: 11);
        var x = model.Input("x", ElementType.Float32, 1, 4, 6);
        x = model.Node("MatMul", [x, Weights(model, 6, 4)]);
        var halves = model.Node("Split", "", [x], [("axis", 2)], outputs: 2);
        x = model.Node("Add", [halves[0], model.Node("ReduceMean", [halves[1]], ("axes", new[] { 1 }), ("keepdims", 1))]);
        x = model.Node("ReduceMax", [x], ("axes", new[] { 2 }), ("keepdims", 0));
        model.Output(x, ElementType.Float32);

        var quantised = QuantisedModels.Quantise(model, new QuantisationOptions { ActivationBits = 16 });
        Assert.InRange(QuantisedModels.ErrorInOnnxRuntime(model, quantised), 0, 0.02);
    }

    [Theory]
    [InlineData(3, 8)]
    [InlineData(8, 4)]
    public void Other_widths_are_refused(int weightBits, int activationBits)
    {
        var options = new QuantisationOptions { WeightBits = weightBits, ActivationBits = activationBits };
        var fault = Assert.Throws<CompressionException>(() => QuantisedModels.Quantise(Network(), options));
        Assert.Contains("bits", fault.Message, StringComparison.Ordinal);
    }

    private static OnnxModelBuilder Network()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 3, 6, 6);
        x = model.Node("Conv", [x, Weights(model, 5, 3, 3, 3), Weights(model, 5)], ("pads", new[] { 1, 1, 1, 1 }));
        var skip = model.Node("Relu", [x]);
        x = model.Node("Conv", [skip, Weights(model, 5, 5, 1, 1), Weights(model, 5)]);
        x = model.Node("MaxPool", [model.Node("Add", [x, skip])], ("kernel_shape", new[] { 2, 2 }), ("strides", new[] { 2, 2 }));
        x = model.Node("Flatten", [model.Node("GlobalAveragePool", [x])]);
        return model.Output(model.Node("Gemm", [x, Weights(model, 4, 5), Weights(model, 4)], ("transB", 1)), ElementType.Float32);
    }

    private static string Weights(OnnxModelBuilder model, params int[] shape)
    {
        var random = new Random(shape[0]);
        var count = shape.Aggregate(1, (a, b) => a * b);
        return model.Constant(shape, [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)]);
    }
}
