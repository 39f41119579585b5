using ModelCompiler.Core.Tests.Quantised;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Contrib;

/// <summary>Operators of com.microsoft that ONNX Runtime has for other devices only, against the same in operators of ONNX.</summary>
public sealed class WrittenOutTests
{
    private const ElementType Float = ElementType.Float32;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Group_norm_equals_group_normalization(int activation)
    {
        (string, object)[] attributes = [("groups", 2), ("epsilon", 1e-3f), ("activation", activation)];
        foreach (var last in new[] { 0, 1 })
        {
            var model = new OnnxModelBuilder();
            var inputs = Inputs(model, last);
            model.Output(model.Microsoft("GroupNorm", inputs, [.. attributes, ("channels_last", last)]), Float);
            var written = new OnnxModelBuilder(21);
            Reference.Check(model, written.Output(Normalised(written, Inputs(written, last), activation, last), Float));
        }

        static string[] Inputs(OnnxModelBuilder model, int last) =>
            [
                model.Input("x", Float, last == 1 ? [2, 3, 5, 8] : [2, 8, 3, 5]),
                model.Input("gamma", Float, 8),
                model.Input("beta", Float, 8),
            ];
    }

    [Fact]
    public void Skip_group_norm_equals_group_normalization_of_the_sum()
    {
        static string[] Inputs(OnnxModelBuilder model) =>
            [
                model.Input("x", Float, 2, 3, 5, 8),
                model.Input("gamma", Float, 8),
                model.Input("beta", Float, 8),
                model.Input("skip", Float, 2, 3, 5, 8),
                model.Input("bias", Float, 8),
            ];
        var model = new OnnxModelBuilder();
        (string, object)[] attributes = [("groups", 2), ("epsilon", 1e-3f), ("activation", 1)];
        var outputs = model.Node("SkipGroupNorm", "com.microsoft", Inputs(model), attributes, outputs: 2);
        var written = new OnnxModelBuilder(21);
        var inputs = Inputs(written);
        var sum = written.Node("Add", [written.Node("Add", [inputs[0], inputs[3]]), inputs[4]]);
        written.Output(Normalised(written, [sum, inputs[1], inputs[2]], 1, 1), Float).Output(sum, Float);
        Reference.Check(model.Output(outputs[0], Float).Output(outputs[1], Float), written);
    }

    [Fact]
    public void Bias_split_gelu_equals_its_parts()
    {
        var model = new OnnxModelBuilder();
        string[] Inputs(OnnxModelBuilder to) => [to.Input("x", Float, 2, 3, 12), to.Input("bias", Float, 12)];
        model.Output(model.Microsoft("BiasSplitGelu", Inputs(model)), Float);
        var written = new OnnxModelBuilder(20);
        var inputs = Inputs(written);
        var halves = written.Node("Split", "", [written.Node("Add", inputs)], [("axis", -1), ("num_outputs", 2)], outputs: 2);
        written.Output(written.Node("Mul", [halves[0], written.Node("Gelu", [halves[1]])]), Float);
        Reference.Check(model, written);
    }

    [Fact]
    public void Quantised_mean_equals_its_parts()
    {
        static string[] Grid(OnnxModelBuilder to, float scale, int zero) =>
            [to.Constant(Scales.Scale(scale)), to.Constant(Scales.Zero(ElementType.UInt8, zero))];
        var model = new OnnxModelBuilder();
        string[] inputs = [model.Input("x", ElementType.UInt8, 3, 4, 5), .. Grid(model, 0.03f, 100), .. Grid(model, 0.02f, 90)];
        (string, object)[] attributes = [("axes", (long[])[2, 0]), ("keepdims", 0)];
        model.Output(model.Microsoft("QLinearReduceMean", inputs, attributes), ElementType.UInt8);
        var written = new OnnxModelBuilder();
        var x = written.Node("DequantizeLinear", [written.Input("x", ElementType.UInt8, 3, 4, 5), .. Grid(written, 0.03f, 100)]);
        var mean = written.Node("ReduceMean", [x], attributes);
        written.Output(written.Node("QuantizeLinear", [mean, .. Grid(written, 0.02f, 90)]), ElementType.UInt8);
        Reference.Check(model, written);
    }

    [Fact]
    public void Trees_of_halves_equal_those_of_floats()
    {
        const string Ml = "ai.onnx.ml";
        Tensor Halves(params float[] values) =>
            Tensor.From<Half>(ElementType.Float16, new TensorShape(values.Length), [.. values.Select(v => (Half)v)]);
        static Tensor Floats(params float[] values) => Tensor.Floats(new TensorShape(values.Length), values);
        static (string, object)[] Attributes(Func<float[], Tensor> numbers) =>
            [
                ("n_targets", 1),
                ("tree_roots", (long[])[0]),
                ("nodes_featureids", (long[])[0, 1]),
                ("nodes_modes", Tensor.FromBytes(new TensorType(ElementType.UInt8, new TensorShape(2)), [1, 0])),
                ("nodes_splits", numbers([0.5f, -1])),
                ("nodes_trueleafs", (long[])[1, 1]),
                ("nodes_truenodeids", (long[])[0, 1]),
                ("nodes_falseleafs", (long[])[0, 1]),
                ("nodes_falsenodeids", (long[])[1, 2]),
                ("leaf_targetids", (long[])[0, 0, 0]),
                ("leaf_weights", numbers([1.5f, 2.25f, -3])),
            ];
        var model = new OnnxModelBuilder().Opset(Ml, 5);
        string[] inputs = [model.Input("x", ElementType.Float16, 20, 2)];
        model.Output(model.Node("TreeEnsemble", Ml, inputs, Attributes(v => Halves(v)))[0], ElementType.Float16);
        var written = new OnnxModelBuilder().Opset(Ml, 5);
        string[] wide = [written.Node("Cast", [written.Input("x", ElementType.Float16, 20, 2)], ("to", 1))];
        var y = written.Node("TreeEnsemble", Ml, wide, Attributes(v => Floats(v)))[0];
        written.Output(written.Node("Cast", [y], ("to", 10)), ElementType.Float16);
        Reference.Check(model, written);
    }

    private static string Normalised(OnnxModelBuilder model, string[] inputs, int activation, int last)
    {
        var x = last == 1 ? model.Node("Transpose", [inputs[0]], ("perm", (long[])[0, 3, 1, 2])) : inputs[0];
        var y = model.Node("GroupNormalization", [x, inputs[1], inputs[2]], ("num_groups", 2), ("epsilon", 1e-3f));
        y = activation == 1 ? model.Node("Mul", [y, model.Node("Sigmoid", [y])]) : y;
        return last == 1 ? model.Node("Transpose", [y], ("perm", (long[])[0, 2, 3, 1])) : y;
    }
}
