using ModelCompiler.Compression.Data;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Tests.Data;

public sealed class InputStandardisationTests
{
    [Fact]
    public void A_network_with_it_takes_numbers_as_they_are_measured()
    {
        // Columns of 1, 2, 3; of 10, 30, 50; and one that is always 7.
        float[] x = [1, 10, 7, 2, 30, 7, 3, 50, 7];
        var items = new NpzItems("x", [new("x", Type(3, 3), x)], null);
        var statistics = ItemStatistics.Of(items);
        Assert.Equal([2f, 30, 7], statistics.Means);
        Assert.Equal([0.8164966f, 16.3299316f, 1], statistics.Deviations);

        var model = new OnnxModelBuilder();
        model.Output(model.Node("Identity", [model.Input("x", ElementType.Float32, 1, 3)]), ElementType.Float32);
        using var oracle = new OnnxRuntimeOracle(InputStandardisation.InFrontOf(Source(model), statistics));

        Assert.Equal(["x"], oracle.InputNames);
        var results = items.Samples([new ModelPort("x", Type(1, 3))]).Select(s => (float[])oracle.Run(s)[0].Elements).ToList();
        for (var column = 0; column < 2; column++)
        {
            Assert.All([-1.2247449f, 0, 1.2247449f], (expected, row) => Assert.Equal(expected, results[row][column], 1e-5f));
        }

        Assert.All(results, r => Assert.Equal(0, r[2]));
    }

    [Fact]
    public void Channels_of_images_are_standardised_each_for_itself()
    {
        var model = new OnnxModelBuilder();
        model.Output(model.Node("Identity", [model.Input("x", ElementType.Float32, 1, 2, 1, 2)]), ElementType.Float32);
        using var oracle = new OnnxRuntimeOracle(InputStandardisation.InFrontOf(Source(model), new([1, 10], [2, 5])));

        Assert.Equal(
            [0f, 1, 0, 2],
            (float[])oracle.Run([new NamedTensor("x", Type(1, 2, 1, 2), new float[] { 1, 3, 10, 20 })])[0].Elements
        );
    }

    [Fact]
    public void A_model_of_other_channels_is_refused()
    {
        var model = new OnnxModelBuilder();
        model.Output(model.Node("Identity", [model.Input("x", ElementType.Float32, 1, 4)]), ElementType.Float32);
        var error = Assert.Throws<CompressionException>(() => InputStandardisation.InFrontOf(Source(model), new([1, 10], [2, 5])));

        Assert.Contains("2 channels", error.Message, StringComparison.Ordinal);
        Assert.Contains("Float32[1,4]", error.Message, StringComparison.Ordinal);
    }

    private static TensorType Type(params int[] shape) => new(ElementType.Float32, new TensorShape(shape));

    private static ModelSource Source(OnnxModelBuilder model) => new("test.onnx", model.ToBytes(), _ => null);
}
