using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Passes;
using ModelCompiler.Testing;
using Xunit;

namespace ModelCompiler.Core.Tests.Passes;

public sealed class LayoutTests
{
    [Fact]
    public void Transpositions_remain_only_where_data_is_channels_first()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 3, 8, 8);
        var stem = model.Node("Relu", [Conv(model, x, 8, 3, 1)]);
        var branch = model.Node("Sigmoid", [Conv(model, stem, 8, 8, 3)]);
        var sum = model.Node("Add", [stem, branch]);
        var scaled = model.Node("Mul", [sum, model.Constant(RandomTensors.Floats(5, 8, 1, 1))]);
        var joined = model.Node("Concat", [scaled, branch], ("axis", 1));
        var padded = model.Node("Pad", [joined, model.Constant(Tensor.Longs(0, 0, 1, 1, 0, 0, 1, 1))]);
        model.Output(Conv(model, padded, 4, 16, 3), ElementType.Float32);

        var graph = Passed(model);

        // One for the input, one for the output.
        Assert.Equal(2, graph.Nodes.Count(n => n.Operator is Transpose));
        Assert.DoesNotContain(graph.Nodes, n => n.Operator is Pad);
        Differential.Check(model, targets: [Target.Auto]);
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(5, 0)]
    public void An_image_of_few_planes_is_quantised_into_channels_last(int planes, int fused)
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, planes, 8, 6);
        var (scale, zero) = (
            model.Constant(Tensor.Floats(TensorShape.Scalar, 0.1f)),
            model.Constant(Tensor.From<byte>(ElementType.UInt8, TensorShape.Scalar, [7]))
        );
        var q = model.Node("QuantizeLinear", [x, scale, zero]);
        model.Output(model.Node("Transpose", [q], ("perm", (int[])[0, 2, 3, 1])), ElementType.UInt8);

        var graph = Passed(model);

        Assert.Equal(fused, graph.Nodes.Count(n => n.Operator is QuantizeChannelsLast));
        Assert.Equal(1 - fused, graph.Nodes.Count(n => n.Operator is Transpose));
    }

    [Fact]
    public void A_flattened_feature_map_permutes_the_rows_of_the_weights()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 1, 5, 6);
        var features = Conv(model, x, 4, 1, 3);
        var flat = model.Node("Flatten", [features]);
        var weights = model.Constant(RandomTensors.Floats(1, 7, 4 * 3 * 4));
        model.Output(model.Node("Gemm", [flat, weights, model.Constant(RandomTensors.Floats(2, 7))], ("transB", 1)), ElementType.Float32);

        Assert.DoesNotContain(Passed(model).Nodes, n => n.Operator is Transpose);
        Differential.Check(model, targets: [Target.Auto]);
    }

    [Fact]
    public void Batch_normalisation_bias_and_activation_vanish_in_the_convolution()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 1, 6, 6);
        var conv = Conv(model, x, 4, 1, 3);
        var positive = Tensor.Floats(new TensorShape(4), 1, 0.5f, 2, 3);
        var normal = model.Node(
            "BatchNormalization",
            [
                conv,
                model.Constant(RandomTensors.Floats(1, 4)),
                model.Constant(RandomTensors.Floats(2, 4)),
                model.Constant(RandomTensors.Floats(3, 4)),
                model.Constant(positive),
            ]
        );
        var shifted = model.Node("Add", [normal, model.Constant(RandomTensors.Floats(4, 1, 4, 1, 1))]);
        model.Output(model.Node("Relu", [shifted]), ElementType.Float32);

        var graph = Passed(model);

        Assert.Equal(
            Clamp.Relu,
            Assert.IsType<Conv>(Assert.Single(graph.Nodes, n => n.Operator is not (Transpose or Reshape)).Operator).Activation
        );
        Differential.Check(model, targets: [Target.Auto]);
    }

    [Fact]
    public void Squeeze_and_excitation_needs_no_transposition()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 1, 6, 6);
        var features = Conv(model, x, 8, 1, 1);
        var mean = model.Node("GlobalAveragePool", [features]);
        var gate = model.Node("HardSigmoid", [Conv(model, model.Node("Relu", [Conv(model, mean, 4, 8, 1)]), 8, 4, 1)]);
        var gated = model.Node("Mul", [features, gate]);
        model.Output(model.Node("ReduceMax", [gated], ("axes", new[] { 2, 3 }), ("keepdims", 0)), ElementType.Float32);

        Assert.DoesNotContain(Passed(model).Nodes, n => n.Operator is Transpose);
    }

    [Fact]
    public void Pixel_shuffle_takes_one_transposition()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 1, 4, 6);
        var split = model.Node("Reshape", [Conv(model, x, 4, 1, 1), model.Constant(Tensor.Longs(1, 1, 2, 2, 4, 6))]);
        var shuffled = model.Node("Transpose", [split], ("perm", new[] { 0, 1, 4, 2, 5, 3 }));
        model.Output(model.Node("Reshape", [shuffled, model.Constant(Tensor.Longs(1, 1, 8, 12))]), ElementType.Float32);

        Assert.Single(Passed(model).Nodes, n => n.Operator is Transpose);
        Differential.Check(model, targets: [Target.Auto]);
    }

    private static string Conv(OnnxModelBuilder model, string x, int outputs, int channels, int kernel) =>
        model.Node(
            "Conv",
            [x, model.Constant(RandomTensors.Floats(outputs + kernel, outputs, channels, kernel, kernel))],
            ("pads", kernel == 3 && channels > 1 ? [1, 1, 1, 1] : new int[4])
        );

    private static Graph Passed(OnnxModelBuilder model)
    {
        var (graph, problems) = OnnxImporter.Import(new ModelSource("test.onnx", model.ToBytes(), _ => null), new CompileOptions());
        Assert.True(graph is not null, string.Join("\n", problems));
        return Pipeline.Run(graph, Target.Auto);
    }
}
