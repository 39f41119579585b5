using CsCheck;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using Xunit;

namespace ModelCompiler.Core.Tests.Operators;

public sealed class ConvTests
{
    [Fact]
    public void Pointwise_of_random_channels_equals_onnxruntime() =>
        Gen.Select(Gen.Int[1, 70], Gen.Int[1, 70], Gen.Int[1, 8], Gen.Int[1, 20])
            .Sample((c, m, h, w) => Check([1, c, h, w], [m, c, 1, 1], seed: c + m), iter: 10, threads: 1);

    [Fact]
    public void Windows_with_strides_dilations_and_uneven_pads_equal_onnxruntime() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 40], Gen.Int[1, 4], Gen.Int[1, 5], Gen.Int[1, 2].Array[4], Gen.Int[0, 2].Array[4])
            .Sample(
                (c, m, kh, kw, steps, pads) =>
                    Check([2, c, 9, 17], [m, c, kh, kw], ("strides", steps[..2]), ("dilations", steps[2..]), ("pads", pads)),
                iter: 12,
                threads: 1
            );

    [Theory]
    [InlineData(2, 6, 4)]
    [InlineData(3, 9, 9)]
    [InlineData(4, 4, 8)]
    [InlineData(8, 8, 8)]
    [InlineData(37, 37, 37)]
    [InlineData(32, 32, 32)]
    public void Groups_equal_onnxruntime(int group, int channels, int outputs) =>
        Check([1, channels, 7, 10], [outputs, channels / group, 3, 3], ("group", group), ("pads", new[] { 1, 1, 1, 1 }));

    [Theory]
    [InlineData("SAME_UPPER")]
    [InlineData("SAME_LOWER")]
    [InlineData("VALID")]
    public void Auto_pad_equals_onnxruntime(string autoPad) =>
        Check([1, 3, 8, 11], [5, 3, 4, 3], ("auto_pad", autoPad), ("strides", new[] { 2, 2 }));

    [Fact]
    public void One_and_three_dimensions_equal_onnxruntime()
    {
        Check([2, 5, 30], [20, 5, 7], ("pads", new[] { 3, 2 }), ("strides", new[] { 2 }));
        Check([1, 3, 5, 6, 7], [4, 3, 2, 3, 3], ("pads", new[] { 1, 0, 1, 0, 1, 1 }));
    }

    [Fact]
    public void Weights_from_run_time_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 4, 6, 6);
        var w = model.Input("w", ElementType.Float32, 6, 4, 3, 3);
        var b = model.Input("b", ElementType.Float32, 6);
        Differential.Check(model.Output(model.Node("Conv", [x, w, b]), ElementType.Float32));
    }

    [Fact]
    public void Relu_and_clip_are_fused_and_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 4, 6, 6);
        var first = model.Node("Relu", [model.Node("Conv", [x, model.Constant(RandomTensors.Floats(1, 8, 4, 1, 1))])]);
        var second = model.Node("Conv", [first, model.Constant(RandomTensors.Floats(2, 8, 8, 3, 3))]);
        var clip = model.Node("Clip", [second, model.Constant([], -1), model.Constant([], 2)]);
        Differential.Check(model.Output(clip, ElementType.Float32));
    }

    private static void Check(int[] x, int[] w, params (string, object)[] attributes) => Check(x, w, 1, attributes);

    private static void Check(int[] x, int[] w, int seed, params (string, object)[] attributes)
    {
        var model = new OnnxModelBuilder();
        var input = model.Input("x", ElementType.Float32, x);
        string?[] inputs =
        [
            input,
            model.Constant(RandomTensors.Floats(seed, w)),
            seed % 2 == 1 ? model.Constant(RandomTensors.Floats(seed + 1, w[0])) : null,
        ];
        Differential.Check(model.Output(model.Node("Conv", inputs, attributes), ElementType.Float32), seed);
    }
}
