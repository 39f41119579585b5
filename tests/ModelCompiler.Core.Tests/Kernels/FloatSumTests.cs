using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Kernels;

public sealed class FloatSumTests
{
    private const int Channels = 32;
    private const int Most = 1 << 22;
    private const int InputZero = 77;

    [Theory]
    [InlineData(1, 1, Most, true)]
    [InlineData(1, 1, Most + 1, false)]
    [InlineData(1, 1, -Most, true)]
    [InlineData(1, 1, -Most - 1, false)]
    [InlineData(3, 1, Most, true)]
    [InlineData(3, 1, Most + 1, false)]
    [InlineData(3, 1, -Most, true)]
    [InlineData(3, 1, -Most - 1, false)]
    [InlineData(3, Channels, Most, true)]
    [InlineData(3, Channels, Most + 1, false)]
    [InlineData(3, Channels, -Most, true)]
    [InlineData(3, Channels, -Most - 1, false)]
    public void Sums_are_floats_up_to_the_last_one_that_is_exact(int kernel, int group, int extreme, bool floats) =>
        Differential.Check(
            Model(kernel, group, extreme),
            inputs: new Dictionary<string, Array> { ["x"] = Enumerable.Repeat(byte.MaxValue, Channels * 25).ToArray() },
            transform: text =>
            {
                Assert.Equal(floats, text.Contains("FromFloats", StringComparison.Ordinal));
                return text;
            }
        );

    /// <summary>
    /// A convolution whose last channel has a sum of exactly <paramref name="extreme"/> where all inputs are the highest, and whose
    /// multiplier makes one more or less another byte.
    /// </summary>
    private static OnnxModelBuilder Model(int kernel, int group, int extreme)
    {
        var depth = Channels / group * kernel * kernel;
        var weight = extreme > 0 ? 3 : -3;
        var weights = Enumerable.Repeat(weight, Channels * depth);
        var bias = new int[Channels];
        bias[^1] = extreme - (weight * depth * (byte.MaxValue - InputZero));
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.UInt8, [1, Channels, 5, 5]);
        string?[] inputs =
        [
            x,
            model.Constant([], 1f),
            Int8Models.ZeroPoint(model, false, InputZero),
            model.Constant(Int8Models.Bytes(true, new TensorShape(Channels, Channels / group, kernel, kernel), weights)),
            model.Constant([], (float)(127.5 / (Most + 1.5))),
            Int8Models.ZeroPoint(model, true, 0),
            model.Constant([], 1f),
            Int8Models.ZeroPoint(model, false, extreme > 0 ? 0 : byte.MaxValue),
            model.Constant(Tensor.From<int>(ElementType.Int32, new TensorShape(Channels), bias)),
        ];
        var pads = Enumerable.Repeat(kernel / 2, 4).ToArray();
        var y = model.Node("QLinearConv", inputs, ("kernel_shape", new[] { kernel, kernel }), ("pads", pads), ("group", group));
        return model.Output(y, ElementType.UInt8);
    }
}
