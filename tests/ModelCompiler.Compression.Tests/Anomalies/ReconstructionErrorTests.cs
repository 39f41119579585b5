using ModelCompiler.Compression.Anomalies;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Tests.Anomalies;

public sealed class ReconstructionErrorTests
{
    [Fact]
    public void It_is_the_mean_square_of_what_is_given_back_wrongly()
    {
        var error = Of(Network(1, 4), 1, 4);

        // Differences of 1, 0, −2 and 0.
        Assert.Equal(1.25, error.Of(Tensor(1, 2, 3, 4), Tensor(2, 2, 1, 4)), 6);
        Assert.Equal(double.PositiveInfinity, error.Of(Tensor(1, 2, 3, 4), Tensor(1, 2, float.NaN, 4)));
    }

    [Fact]
    public void Where_a_network_standardises_channels_count_alike()
    {
        var source = Network(1, 2, 3);
        var standardising = new ModelSource("test.onnx", InputStandardisation.InFrontOf(source, new([1, 10], [2, 100])), _ => null);
        var undone = new ModelSource("test.onnx", InputStandardisation.UndoneBehind(standardising), _ => null);

        // Differences of 2 in three elements whose deviation is 2, and of 100 in one whose deviation is 100: 1, 1, 1 and 1 of six.
        Assert.Equal(4 / 6.0, Of(undone, 1, 2, 3).Of(Tensor(1, 2, 3, 100, 200, 300), Tensor(3, 4, 5, 100, 300, 300)), 6);
    }

    [Fact]
    public void Deviations_are_spread_as_an_operator_would()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 2, 2, 2);
        var centred = model.Node("Sub", [x, model.Constant([1], 0)]);
        model.Output(model.Node("Div", [centred, model.Constant([2, 1, 2], 1, 2, 4, 8)]), ElementType.Float32);
        var error = Of(new("test.onnx", model.ToBytes(), _ => null), 1, 2, 2, 2);

        float[] deviations = [1, 2, 1, 2, 4, 8, 4, 8];
        for (var i = 0; i < deviations.Length; i++)
        {
            var given = new float[8];
            given[i] = 8;
            Assert.Equal(Math.Pow(8 / deviations[i], 2) / 8, error.Of(Tensor(new float[8]), Tensor(given)), 6);
        }
    }

    [Fact]
    public void A_network_that_gives_something_else_is_refused_with_both_ports()
    {
        var message = Assert
            .Throws<CompressionException>(() => ReconstructionError.For(Network(1, 4), [Port("x", 1, 4)], [Port("classes", 1, 3)]))
            .Message;
        Assert.Contains("x Float32[1,4]", message, StringComparison.Ordinal);
        Assert.Contains("classes Float32[1,3]", message, StringComparison.Ordinal);
    }

    private static ReconstructionError Of(ModelSource source, params int[] shape) =>
        ReconstructionError.For(source, [Port("x", shape)], [Port("y", shape)]);

    private static ModelSource Network(params int[] shape)
    {
        var model = new OnnxModelBuilder();
        model.Output(model.Node("Relu", [model.Input("x", ElementType.Float32, shape)]), ElementType.Float32);
        return new("test.onnx", model.ToBytes(), _ => null);
    }

    private static ModelPort Port(string name, params int[] shape) =>
        new(name, new TensorType(ElementType.Float32, new TensorShape(shape)));

    private static NamedTensor Tensor(params float[] elements) =>
        new("x", new TensorType(ElementType.Float32, new TensorShape(1, elements.Length)), elements);
}
