using CsCheck;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using Xunit;

namespace ModelCompiler.Core.Tests.Operators;

public sealed class ConvTransposeTests
{
    [Fact]
    public void Strides_dilations_pads_and_output_padding_equal_onnxruntime() =>
        Gen.Select(Gen.Int[1, 4], Gen.Int[1, 4], Gen.Int[2, 4], Gen.Int[2, 4], Gen.Int[1, 3].Array[4], Gen.Int[0, 1].Array[4])
            .Sample(
                (c, m, kh, kw, steps, pads) =>
                    Check(
                        [1, c, 5, 6],
                        [c, m, kh, kw],
                        ("strides", steps[..2]),
                        ("dilations", steps[2..]),
                        ("pads", pads),
                        ("output_padding", new[] { steps[0] - 1, steps[1] - 1 })
                    ),
                iter: 4,
                threads: 1
            );

    [Theory]
    [InlineData("SAME_UPPER")]
    [InlineData("SAME_LOWER")]
    [InlineData("VALID")]
    public void Auto_pad_equals_onnxruntime(string autoPad) =>
        Check([1, 3, 4, 5], [3, 2, 3, 3], ("auto_pad", autoPad), ("strides", new[] { 2, 2 }));

    [Fact]
    public void Groups_output_shape_and_one_dimension_equal_onnxruntime()
    {
        Check([1, 4, 4, 5], [4, 3, 3, 3], ("group", 2));
        Check([1, 2, 4, 5], [2, 3, 3, 3], ("strides", new[] { 2, 2 }), ("output_shape", new[] { 8, 10 }));
        Check([2, 3, 9], [3, 4, 4], ("strides", new[] { 3 }));
    }

    private static void Check(int[] x, int[] w, params (string, object)[] attributes)
    {
        var group = (int)attributes.FirstOrDefault(a => a.Item1 == "group", ("group", 1)).Item2;
        var model = new OnnxModelBuilder();
        var input = model.Input("x", ElementType.Float32, x);
        var (weights, bias) = (model.Constant(RandomTensors.Floats(1, w)), model.Constant(RandomTensors.Floats(2, w[1] * group)));
        var scaled = model.Node("Mul", [model.Node("ConvTranspose", [input, weights, bias], attributes), model.Constant([], 0.5f)]);
        Differential.Check(model.Output(scaled, ElementType.Float32), targets: [Target.Auto]);
    }
}
