using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Compression.Tests.Quantisation;

public sealed class OpsetUpgradeTests
{
    [Fact]
    public void Attributes_of_old_operators_move_to_inputs_and_mean_the_same()
    {
        var model = new OnnxModelBuilder(opset: 9);
        var x = model.Input("x", ElementType.Float32, 1, 2, 6, 6);
        x = model.Node("Conv", [x, Weights(model, 4, 2, 3, 3)]);
        x = model.Node("Clip", [x], ("min", 0f), ("max", 6f));
        x = model.Node("Pad", [x], ("pads", new[] { 0, 0, 1, 1, 0, 0, 1, 1 }), ("value", 1f));
        x = model.Node("Slice", [x], ("starts", new[] { 1 }), ("ends", new[] { 5 }), ("axes", new[] { 2 }));
        x = model.Node("Upsample", [x, model.Constant([4], 1, 1, 2, 1)], ("mode", "nearest"));
        var halves = model.Node("Split", "", [x], [("axis", 1), ("split", new[] { 3, 1 })], outputs: 2);
        x = model.Node("ReduceSum", [halves[0]], ("axes", new[] { 2 }), ("keepdims", 1));
        x = model.Node("Squeeze", [model.Node("Dropout", [x], ("ratio", 0.3f))], ("axes", new[] { 2 }));
        x = model.Node("Unsqueeze", [x], ("axes", new[] { 0 }));
        x = model.Node("Reshape", [x, model.Constant(Tensor.Longs(1, -1))]);
        model.Output(model.Node("Softmax", [x]), ElementType.Float32);

        var quantised = QuantisedModels.Quantise(model);
        Assert.Equal(13, QuantisedModels.Proto(quantised).OpsetImport[0].Version);
        Assert.InRange(QuantisedModels.ErrorInOnnxRuntime(model, quantised), 0, 0.1);
    }

    [Fact]
    public void What_has_no_equal_is_named()
    {
        var model = new OnnxModelBuilder(opset: 9);
        var x = model.Input("x", ElementType.Float32, 1, 2, 6);
        x = model.Node("MatMul", [x, Weights(model, 6, 3)]);
        model.Output(model.Node("Softmax", [x]), ElementType.Float32);

        var fault = Assert.Throws<CompressionException>(() => QuantisedModels.Quantise(model));
        Assert.Contains("Softmax", fault.Message, StringComparison.Ordinal);
        Assert.Contains("opset 9", fault.Message, StringComparison.Ordinal);
    }

    private static string Weights(OnnxModelBuilder model, params int[] shape)
    {
        var random = new Random(3);
        return model.Constant(shape, [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => random.NextSingle() - 0.4f)]);
    }
}
