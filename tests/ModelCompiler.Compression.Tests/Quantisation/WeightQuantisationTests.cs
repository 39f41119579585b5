using ModelCompiler.Compression.Quantisation;
using ModelCompiler.Graphs;

namespace ModelCompiler.Compression.Tests.Quantisation;

public sealed class WeightQuantisationTests
{
    [Theory]
    [InlineData(0, new float[] { 127, -63.4f, 0, 1, -2, 0.5f })]
    [InlineData(1, new float[] { 127, 1, -63.4f, -2, 0, 0.5f })]
    public void Each_output_channel_has_its_own_symmetric_scale(int axis, float[] elements)
    {
        var shape = axis == 0 ? new TensorShape(2, 3) : new TensorShape(3, 2);
        var quantised = WeightQuantisation.Of(Tensor.Floats(shape, elements), axis, null, 0.5f, new());
        Assert.Equal([1f, 2f / 127], quantised.Scales);
        sbyte[] expected = axis == 0 ? [127, -63, 0, 64, -127, 32] : [127, 64, -63, -127, 0, 32];
        Assert.Equal(expected, quantised.Weights);
    }

    [Fact]
    public void Asymmetric_integers_reach_from_the_lowest_weight_to_the_highest()
    {
        var weights = Tensor.Floats(new TensorShape(2, 3), -0.5f, 0, 1, 0.3f, 0.74f, 0.26f);
        var quantised = WeightQuantisation.Of(weights, 0, null, 0.5f, new(4, WeightScaling.Tensor, IsAsymmetric: true));
        Assert.Equal([0.1f], quantised.Scales);
        Assert.Equal(-3, quantised.ZeroPoint);
        Assert.Equal<sbyte>([-8, -3, 7, 0, 4, 0], quantised.Weights);
        Assert.All(quantised.Errors(weights, 0), error => Assert.InRange(error, -0.0501f, 0.0501f));
    }

    [Fact]
    public void One_scale_serves_all_channels()
    {
        var weights = Tensor.Floats(new TensorShape(2, 2), 127, -1, 1, 0.4f);
        var quantised = WeightQuantisation.Of(weights, 0, [2, 4], 0.5f, new(Scaling: WeightScaling.Tensor));
        Assert.Equal([1f], quantised.Scales);
        Assert.Equal<sbyte>([127, -1, 1, 0], quantised.Weights);
        Assert.Equal([4, 8], quantised.Bias([2, 4], 0.5f));
    }

    [Theory]
    [InlineData(8, 1f / 128, new sbyte[] { 127, 95, -128, -1, 0, 0 })]
    [InlineData(4, 1f / 8, new sbyte[] { 7, 5, -8, -1, 0, 0 })]
    public void Truncated_weights_lose_their_last_bits_under_one_power_of_two(int bits, float scale, sbyte[] expected)
    {
        var weights = Tensor.Floats(new TensorShape(2, 3), 1, 0.749f, -1, -0.001f, 0.001f, 0);
        var quantised = WeightQuantisation.Of(weights, 0, null, 0.5f, new(bits, Rule: QuantisationRule.Truncate));
        Assert.Equal([scale], quantised.Scales);
        Assert.Equal(expected, quantised.Weights);
    }

    [Fact]
    public void A_scale_that_has_room_for_the_bias_is_a_power_of_two_too()
    {
        var weights = Tensor.Floats(new TensorShape(1, 2), 1e-9f, -1e-9f);
        var quantised = WeightQuantisation.Of(weights, 0, [5], 0.01f, new(Rule: QuantisationRule.Truncate));
        Assert.True(float.IsPow2(quantised.Scales[0]));
        Assert.InRange(Assert.Single(quantised.Bias([5], 0.01f)), 1 << 20, (1 << 30) + 64);
    }

    [Fact]
    public void The_bias_counts_in_units_of_input_scale_times_weight_scale()
    {
        var quantised = WeightQuantisation.Of(Tensor.Floats(new TensorShape(1, 1), 0.3f), 0, [1.5f], 0.02f, new());
        Assert.Equal(0.02f * quantised.Scales[0], quantised.BiasScales(0.02f)[0]);
        Assert.Equal((int)Math.Round(1.5 / quantised.BiasScales(0.02f)[0]), Assert.Single(quantised.Bias([1.5f], 0.02f)));
    }

    [Theory]
    [InlineData(0f, 5f)]
    [InlineData(1e-12f, 5f)]
    [InlineData(0f, 0f)]
    [InlineData(0f, 1e-20f)]
    public void Dead_channels_keep_their_bias_and_leave_room_in_32_bits(float weight, float bias)
    {
        var quantised = WeightQuantisation.Of(Tensor.Floats(new TensorShape(1, 2), weight, -weight), 0, [bias], 0.01f, new());
        var scale = quantised.BiasScales(0.01f)[0];
        Assert.True(float.IsNormal(scale));
        var integer = Assert.Single(quantised.Bias([bias], 0.01f));
        Assert.InRange(integer, -(1 << 30) - 64, (1 << 30) + 64);
        Assert.Equal(bias, integer * (double)scale, 1e-6);
    }
}
