using ModelCompiler.Compression.Data;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Tests.Data;

public sealed class InputStandardisationTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("standardised-");

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
    public void What_is_undone_behind_a_network_comes_out_in_the_units_that_went_in()
    {
        var model = new OnnxModelBuilder();
        model.Output(model.Node("Relu", [model.Input("x", ElementType.Float32, 1, 2, 2)]), ElementType.Float32);
        var standardising = InputStandardisation.InFrontOf(Source(model), new([1, 10], [2, 5]));
        using var oracle = new OnnxRuntimeOracle(InputStandardisation.UndoneBehind(new("test.onnx", standardising, _ => null)));

        // What is below the mean, 1 or 10, the network between makes the mean.
        var given = (float[])oracle.Run([new NamedTensor("x", Type(1, 2, 2), new float[] { 0, 3, 7, 20 })])[0].Elements;
        Assert.Equal([1f, 3, 10, 20], given);
    }

    [Fact]
    public void Only_a_network_that_standardises_can_undo_it()
    {
        var model = new OnnxModelBuilder();
        model.Output(model.Node("Relu", [model.Input("x", ElementType.Float32, 1, 2)]), ElementType.Float32);
        var error = Assert.Throws<CompressionException>(() => InputStandardisation.UndoneBehind(Source(model)));

        Assert.Contains("test.onnx: only a network with one output that standardises", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Targets_are_standardised_channel_by_channel()
    {
        var x = new NamedTensor("x", Type(2, 2, 2), new float[] { 1, 3, 10, 20, 5, 7, 0, 10 });
        var set = DataSet.Open(new DataSource(Written(x)));
        var targets = StandardisedTargets.Of(ReconstructionItems.Of(set), new([1, 10], [2, 5])).Training;

        Assert.Equal([0f, 1, 0, 2], (float[])targets.Target(0));
        Assert.Equal([2f, 3, -2, 0], (float[])targets.Target(1));
        Assert.Contains(
            "targets of the items' shape [2,2]; those of the data are classes, or none",
            Assert.Throws<CompressionException>(() => StandardisedTargets.Of(set, new([1, 10], [2, 5])).Training).Message,
            StringComparison.Ordinal
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

    public void Dispose() => _folder.Delete(recursive: true);

    private string Written(NamedTensor array)
    {
        var path = Path.Combine(_folder.FullName, "x.npz");
        File.WriteAllBytes(path, NpzFile.OfSamples([.. Enumerable.Range(0, array.Type.Shape[0]).Select(i => Row(array, i))]));
        return path;
    }

    private static NamedTensor[] Row(NamedTensor array, int row)
    {
        var shape = new TensorShape(array.Type.Shape.Skip(1));
        var elements = ((float[])array.Elements).AsSpan(row * shape.Elements, shape.Elements).ToArray();
        return [array with { Type = array.Type with { Shape = shape }, Elements = elements }];
    }

    private static TensorType Type(params int[] shape) => new(ElementType.Float32, new TensorShape(shape));

    private static ModelSource Source(OnnxModelBuilder model) => new("test.onnx", model.ToBytes(), _ => null);
}
