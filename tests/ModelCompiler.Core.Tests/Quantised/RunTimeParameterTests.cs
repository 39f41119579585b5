using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Quantised;

/// <summary>Integer products whose scales or zero points are known at run time only, and dynamic quantisation.</summary>
public sealed class RunTimeParameterTests
{
    [Fact]
    public void MatMulInteger_takes_the_zero_point_out_of_its_sums()
    {
        var model = new OnnxModelBuilder();
        var a = model.Input("a", ElementType.UInt8, 3, 17);
        var zero = model.Input("zero", ElementType.UInt8);
        model.Output(model.Node("MatMulInteger", [a, Weights(model, 17, 9), zero]), ElementType.Int32);
        Differential.Check(model, targets: Scales.Targets);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ConvInteger_takes_zero_points_out_of_its_sums(bool atRunTime)
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.UInt8, 2, 4, 6, 7);
        var zero = atRunTime ? model.Input("zero", ElementType.UInt8) : model.Constant(Scales.Zero(ElementType.UInt8, 131));
        (string, object)[] attributes = [("pads", (long[])[1, 0, 1, 1]), ("strides", (long[])[2, 1]), ("group", 2)];
        string[] weights = [Weights(model, 6, 2, 3, 2), model.Constant(Scales.Zero(ElementType.Int8, 130))];
        model.Output(model.Node("ConvInteger", [x, weights[0], zero, weights[1]], attributes), ElementType.Int32);
        model.Output(model.Node("ConvInteger", [x, weights[0]], ("group", 2)), ElementType.Int32);
        Differential.Check(model, targets: Scales.Targets);
    }

    [Fact]
    public void MatMulIntegerToFloat_equals_onnxruntime()
    {
        var model = new OnnxModelBuilder();
        var a = model.Input("a", ElementType.UInt8, 4, 17);
        string[] scales = [model.Constant([], 0.02f), model.Constant([9], [.. Enumerable.Range(1, 9).Select(i => 0.01f * i)])];
        string?[] zeros = [model.Constant(Scales.Zero(ElementType.UInt8, 120)), model.Constant(Scales.Zero(ElementType.Int8, 128))];
        var bias = model.Constant([9], [.. Enumerable.Range(1, 9).Select(i => 0.1f * i)]);
        string?[] inputs = [a, Weights(model, 17, 9), .. scales, .. zeros, bias];
        model.Output(model.Microsoft("MatMulIntegerToFloat", inputs), ElementType.Float32);
        Differential.Check(model, targets: Scales.Targets);
    }

    [Fact]
    public void QLinearMatMul_with_all_parameters_at_run_time_equals_onnxruntime()
    {
        var model = new OnnxModelBuilder();
        string[] Operand(string name, int[] shape) =>
            [
                model.Input(name, ElementType.UInt8, shape),
                model.Input(name + "_scale", ElementType.Float32),
                model.Input(name + "_zero", ElementType.UInt8),
            ];
        string[] output = [model.Input("y_scale", ElementType.Float32), model.Input("y_zero", ElementType.UInt8)];
        model.Output(model.Node("QLinearMatMul", [.. Operand("a", [2, 5]), .. Operand("b", [5, 3]), .. output]), ElementType.UInt8);
        var scales = new Dictionary<string, Array>
        {
            ["a_scale"] = new[] { 0.5f },
            ["b_scale"] = new[] { 0.25f },
            ["y_scale"] = new[] { 16f },
        };
        Differential.Check(model, inputs: scales, targets: Scales.Targets);
    }

    [Fact]
    public void DynamicQuantizeMatMul_equals_onnxruntime()
    {
        var model = new OnnxModelBuilder();
        var a = model.Input("a", ElementType.Float32, 4, 17);
        var scale = model.Constant([9], [.. Enumerable.Range(1, 9).Select(i => 0.01f * i)]);
        var bias = model.Constant([9], [.. Enumerable.Range(1, 9).Select(i => 0.1f * i)]);
        model.Output(model.Microsoft("DynamicQuantizeMatMul", [a, Weights(model, 17, 9), scale, null, bias]), ElementType.Float32);
        Differential.Check(model, targets: Scales.Targets);
    }

    private static string Weights(OnnxModelBuilder model, params int[] shape)
    {
        var bytes = new byte[new TensorShape(shape).Elements];
        new Random(1).NextBytes(bytes);
        return model.Constant(Tensor.FromBytes(new TensorType(ElementType.Int8, new TensorShape(shape)), bytes));
    }
}
