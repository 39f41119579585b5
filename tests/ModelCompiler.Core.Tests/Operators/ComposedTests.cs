using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Operators;

/// <summary>Operators that the importer composes of others.</summary>
public sealed class ComposedTests
{
    [Fact]
    public void Norms_and_pools_by_norms_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder(18);
        var x = model.Input("x", ElementType.Float32, 2, 5, 6, 7);
        foreach (var (axis, p) in new[] { (-1, 2), (1, 1), (2, 2) })
        {
            model.Output(model.Node("LpNormalization", [x], ("axis", axis), ("p", p)), ElementType.Float32);
        }

        model.Output(model.Node("MeanVarianceNormalization", [x]), ElementType.Float32);
        model.Output(model.Node("MeanVarianceNormalization", [x], ("axes", (long[])[1, -1])), ElementType.Float32);
        foreach (var size in new[] { 1, 3, 5 })
        {
            (string, object)[] attributes = [("size", size), ("alpha", 0.2f), ("beta", 0.6f), ("bias", 1.5f)];
            model.Output(model.Node("LRN", [x], attributes), ElementType.Float32);
        }

        foreach (var p in new[] { 1, 2, 3 })
        {
            (string, object)[] window =
            [
                ("p", p),
                ("kernel_shape", (long[])[3, 2]),
                ("strides", (long[])[2, 1]),
                ("pads", (long[])[1, 0, 1, 1]),
            ];
            model.Output(model.Node("LpPool", [x], window), ElementType.Float32);
            model.Output(model.Node("GlobalLpPool", [x], ("p", p)), ElementType.Float32);
        }

        Differential.Check(model);
    }

    [Fact]
    public void Zeros_stay_zeros_when_they_are_normalised()
    {
        var model = new OnnxModelBuilder(18);
        var x = model.Input("x", ElementType.Float32, 2, 3);
        model.Output(model.Node("LpNormalization", [x]), ElementType.Float32);
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["x"] = (float[])[0, 0, 0, 3, 0, 4] });
    }

    [Theory]
    [InlineData(ElementType.Float32)]
    [InlineData(ElementType.Int64)]
    [InlineData(ElementType.Bool)]
    public void Triangles_equal_onnxruntime(ElementType type)
    {
        var model = new OnnxModelBuilder(14);
        var x = model.Input("x", type, 2, 4, 5);
        model.Output(model.Node("Trilu", [x]), type);
        foreach (var k in new[] { -2, 1, 7 })
        {
            var diagonal = model.Constant(Tensor.Longs(k).Reshape(TensorShape.Scalar));
            model.Output(model.Node("Trilu", [x, diagonal], ("upper", 0)), type);
            model.Output(model.Node("Trilu", [x, diagonal], ("upper", 1)), type);
        }

        Differential.Check(model);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(13)]
    public void Hardmax_and_diagonals_equal_onnxruntime(int opset)
    {
        var model = new OnnxModelBuilder(opset);
        var x = model.Input("x", ElementType.Float32, 3, 4, 5);
        foreach (var axis in new[] { 0, 1, -1 })
        {
            model.Output(model.Node("Hardmax", [x], ("axis", axis)), ElementType.Float32);
        }

        var y = model.Input("y", ElementType.Int32, 4, 6);
        model.Output(model.Node("EyeLike", [y], ("k", 1)), ElementType.Int32);
        model.Output(model.Node("EyeLike", [y], ("k", -2), ("dtype", 1)), ElementType.Float32);
        Differential.Check(model);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("sum")]
    [InlineData("mean")]
    public void Losses_equal_onnxruntime(string reduction)
    {
        var model = new OnnxModelBuilder(13);
        var x = model.Input("x", ElementType.Float32, 3, 4, 2);
        var classes = model.Input("classes", ElementType.Int64, 3, 2);
        var weights = model.Input("weights", ElementType.Float32, 4);
        foreach (var inputs in new string[][] { [x, classes], [x, classes, weights] })
        {
            model.Output(
                model.Node("NegativeLogLikelihoodLoss", inputs, ("reduction", reduction), ("ignore_index", 2)),
                ElementType.Float32
            );
            model.Output(model.Node("NegativeLogLikelihoodLoss", inputs, ("reduction", reduction)), ElementType.Float32);
            var outputs = model.Node("SoftmaxCrossEntropyLoss", "", inputs, [("reduction", reduction)], outputs: 2);
            model.Output(outputs[0], ElementType.Float32);
            model.Output(outputs[1], ElementType.Float32);
        }

        Differential.Check(model, inputs: new Dictionary<string, Array> { ["classes"] = (long[])[0, 2, 3, 1, 2, 0] });
    }

    [Fact]
    public void Windows_of_signal_processing_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder(17);
        var x = model.Input("x", ElementType.Float32, 10);
        var size = model.Constant(Tensor.Longs(10).Reshape(TensorShape.Scalar));
        foreach (var op in new[] { "HannWindow", "HammingWindow", "BlackmanWindow" })
        {
            model.Output(model.Node("Mul", [x, model.Node(op, [size])]), ElementType.Float32);
            model.Output(model.Node("Mul", [x, model.Node(op, [size], ("periodic", 0))]), ElementType.Float32);
        }

        Differential.Check(model);
    }

    [Fact]
    public void Cutting_padding_and_reversing_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder(18);
        var x = model.Input("x", ElementType.Float32, 5, 4, 7);
        model.Output(model.Node("CenterCropPad", [x, model.Constant(Tensor.Longs(2, 7, 7))]), ElementType.Float32);
        model.Output(model.Node("CenterCropPad", [x, model.Constant(Tensor.Longs(4, 8))], ("axes", (long[])[-1, 0])), ElementType.Float32);
        var (a, b) = (model.Input("a", ElementType.Int64, 4), model.Input("b", ElementType.Int64, 5));
        model.Output(model.Node("ReverseSequence", [x, a], ("time_axis", 0), ("batch_axis", 1)), ElementType.Float32);
        model.Output(model.Node("ReverseSequence", [x, b], ("time_axis", 1), ("batch_axis", 0)), ElementType.Float32);
        var lengths = new Dictionary<string, Array> { ["a"] = (long[])[5, 1, 3, 4], ["b"] = (long[])[4, 3, 2, 1, 4] };
        Differential.Check(model, inputs: lengths);
    }
}
