using ModelCompiler.Compression.Quantisation;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Tests.Quantisation;

public sealed class BiasCorrectionTests
{
    private readonly Random _random = new(5);

    [Theory]
    [InlineData("Conv", true)]
    [InlineData("Conv", false)]
    [InlineData("Gemm", true)]
    [InlineData("Gemm", false)]
    [InlineData("MatMul", false)]
    public void The_mean_of_each_channel_is_that_of_the_float_model(string operatorType, bool hasBias)
    {
        var model = new OnnxModelBuilder();
        var conv = operatorType == "Conv";
        var x = model.Node("Relu", [model.Input("x", ElementType.Float32, conv ? [1, 3, 6, 6] : [4, 20])]);
        var weights = conv ? Weights(model, 4, 3, 3, 3) : Weights(model, 20, 4);
        string[] inputs = hasBias ? [x, weights, Weights(model, 4)] : [x, weights];
        model.Output(
            conv ? model.Node("Conv", inputs, ("pads", new[] { 1, 1, 1, 1 })) : model.Node(operatorType, inputs),
            ElementType.Float32
        );

        // Activations of 16 bits leave the error of the weights alone.
        var options = new QuantisationOptions { WeightBits = 4, ActivationBits = 16 };
        var without = QuantisedModels.Quantise(model, options);
        var corrected = QuantisedModels.Quantise(model, options with { CorrectBias = true });

        var (before, after) = (Shift(model, without, conv), Shift(model, corrected, conv));
        Assert.InRange(before, 0.01, double.PositiveInfinity);
        Assert.InRange(after, 0, before / 20);
        QuantisedModels.AssertCompiledCodeAgrees(corrected);
    }

    [Fact]
    public void Products_of_more_than_matrices_and_of_two_values_stay_as_they_are()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 3, 4);
        var product = model.Node("MatMul", [x, Weights(model, 4, 4)]);
        model.Output(model.Node("MatMul", [product, model.Node("Transpose", [x], ("perm", new[] { 0, 2, 1 }))]), ElementType.Float32);

        var corrected = QuantisedModels.Quantise(model, new QuantisationOptions { CorrectBias = true });
        Assert.Equal(QuantisedModels.Quantise(model).Model, corrected.Model);
    }

    /// <summary>The largest difference of a channel's means over the calibration samples.</summary>
    private static double Shift(OnnxModelBuilder model, QuantisedModel quantised, bool conv)
    {
        using var original = new OnnxRuntimeOracle(model.ToBytes());
        using var oracle = new OnnxRuntimeOracle(quantised.Model);
        var shifts = new double[4];
        foreach (var sample in QuantisedModels.Samples(model.ToBytes(), 20))
        {
            var (expected, actual) = ((float[])original.Run(sample)[0].Elements, (float[])oracle.Run(sample)[0].Elements);
            for (var i = 0; i < expected.Length; i++)
            {
                shifts[conv ? i / 36 : i % 4] += ((double)actual[i] - expected[i]) / (expected.Length / 4 * 20);
            }
        }

        return shifts.Max(Math.Abs);
    }

    private string Weights(OnnxModelBuilder model, params int[] shape) =>
        model.Constant(shape, [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => (_random.NextSingle() * 2) - 1)]);
}
