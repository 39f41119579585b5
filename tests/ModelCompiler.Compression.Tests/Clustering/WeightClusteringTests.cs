using CsCheck;
using ModelCompiler.Compression.Clustering;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Compression.Pruning;
using ModelCompiler.Compression.Tests.Quantisation;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Tests.Clustering;

public sealed class WeightClusteringTests
{
    [Theory]
    [InlineData("mobilenet", 16, false)]
    [InlineData("branches", 5, true)]
    [InlineData("branches", 256, false)]
    public void Clustered_weights_are_few_values_and_compile_to_constants(string name, int clusters, bool perChannel)
    {
        var model = name == "mobilenet" ? FloatModels.MobileNet() : FloatModels.Branches();
        var clustered = WeightClustering.Run(model.Source(), new ClusteringOptions(clusters) { PerChannel = perChannel });
        Assert.All(clustered.Layers, l => Assert.InRange(l.Entries, 1, clusters));
        var compiled = FloatModels.AssertCompiledCodeAgrees(clustered.Model);
        // Folded: nothing of the code book is left to run time.
        Assert.DoesNotContain("clustered", compiled.Surface, StringComparison.Ordinal);
        Assert.DoesNotContain("code_book", compiled.Surface, StringComparison.Ordinal);
    }

    [Fact]
    public void Clustered_weights_are_weights_to_what_comes_behind()
    {
        var clustered = WeightClustering.Run(FloatModels.MobileNet().Source(), new ClusteringOptions(16));
        var quantised = QuantisedModels.Quantise(clustered.Model);
        Assert.Empty(quantised.FloatNodes);
        QuantisedModels.AssertCompiledCodeAgrees(quantised);

        var sparse = WeightPruning.Run(FloatModels.Source(clustered.Model), new WeightPruningOptions(0.5));
        Assert.Equal(clustered.Layers.Select(l => l.Layer), sparse.Layers.Select(l => l.Layer));
    }

    [Fact]
    public void Weights_of_all_forms_come_out_of_the_code_book_as_the_error_says() =>
        Gen.Select(Gen.Int[2, 20], Gen.Bool, Gen.Bool, Gen.Int[1, 100])
            .Sample(
                (clusters, perChannel, linear, seed) =>
                {
                    var m = new FloatModels(seed);
                    var x = m.Builder.Input("x", ElementType.Float32, 2, 6, 8);
                    m.Builder.Output(m.Builder.Node("MatMul", [x, m.Weights(2, 8, 30)]), ElementType.Float32);
                    var images = m.Builder.Input("y", ElementType.Float32, 1, 4, 3, 3);
                    m.Builder.Output(m.Builder.Node("ConvTranspose", [images, m.Weights(4, 5, 3, 3)]), ElementType.Float32);
                    var options = new ClusteringOptions(clusters)
                    {
                        PerChannel = perChannel,
                        Initialisation = linear ? Initialisation.Linear : Initialisation.PlusPlus,
                    };
                    var clustered = WeightClustering.Run(m.Source(), options);

                    Assert.Equal([perChannel ? 30 : 1, perChannel ? 5 : 1], clustered.Layers.Select(l => l.Rows));
                    FloatModels.AssertCompiledCodeAgrees(clustered.Model);
                    // With every weight its own value nothing changes; else the outputs move about as far as the weights.
                    var (before, after) = (
                        FloatModels.RunInOnnxRuntime(m.Builder.ToBytes()),
                        FloatModels.RunInOnnxRuntime(clustered.Model)
                    );
                    for (var i = 0; i < before.Count; i++)
                    {
                        var error = OutputError.Of([before[i]], [after[i]]);
                        Assert.InRange(error, clustered.Layers[i].RelativeError * 0.2, (clustered.Layers[i].RelativeError * 5) + 1e-6);
                    }
                },
                iter: 3,
                threads: 1
            );

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Zeros_stay_zero_and_nothing_else_becomes_zero(bool perChannel)
    {
        var sparse = WeightPruning.Run(FloatModels.ResNet().Source(), new WeightPruningOptions(0.6));
        var clustered = WeightClustering.Run(FloatModels.Source(sparse.Model), new ClusteringOptions(4) { PerChannel = perChannel });
        var before = WeightTensor.AllOf(OnnxModel.Read(FloatModels.Source(sparse.Model)));
        var after = OnnxModel.Read(FloatModels.Source(clustered.Model));
        foreach (var weight in before)
        {
            var proto = ModelProto.Parser.ParseFrom(clustered.Model);
            var exposed = FloatModels.Exposed(proto, $"{weight.Name}/clustered");
            Assert.Equal(weight.Weights.ToFloats().Select(w => w == 0), exposed.Select(w => w == 0));
        }

        Assert.All(after.Graph.Initializer, i => Assert.DoesNotContain(before, w => w.Name == i.Name));
    }

    [Fact]
    public void Models_with_open_dimensions_and_of_old_opsets_are_clustered_by_channel_and_pruned_behind_that()
    {
        var m = new FloatModels(3, opset: 9);
        var x = m.Builder.SymbolicInput("x", ElementType.Float32, "rows", "columns", 4);
        x = m.Relu(m.Builder.Node("MatMul", [x, m.Weights(4, 6)]));
        m.Builder.Output(m.Builder.Node("MatMul", [x, m.Weights(6, 2)]), ElementType.Float32);
        var sizes = new CompileOptions { Dimensions = new[] { new DimensionBinding("columns", 3) } };
        var options = new ClusteringOptions(3) { PerChannel = true, Compile = sizes };
        var clustered = FloatModels.Source(WeightClustering.Run(m.Source(), options).Model);

        Assert.Equal(2, WeightPruning.Run(clustered, new WeightPruningOptions(0.5)).Layers.Count);
        var narrow = ChannelPruning.Run(clustered, new ChannelPruningOptions(0.5) { Compile = sizes });
        Assert.Equal([(6, 3)], narrow.Groups.Select(g => (g.Before, g.After)));
        var fault = Assert.Throws<CompressionException>(() => ChannelPruning.Run(clustered, new ChannelPruningOptions(0.5)));
        Assert.Contains("columns", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Indices_of_a_large_layer_are_folded_too()
    {
        var m = new FloatModels(3);
        var x = m.Builder.Input("x", ElementType.Float32, 1, 640);
        m.Builder.Output(m.Builder.Node("MatMul", [x, m.Weights(640, 640)]), ElementType.Float32);
        var clustered = WeightClustering.Run(m.Source(), new ClusteringOptions(16));

        var options = new CompileOptions();
        var plain = ModelCompilation.Compile(m.Source(), options);
        var compiled = ModelCompilation.Compile(FloatModels.Source(clustered.Model), options);
        Assert.True(compiled.Succeeded);
        Assert.InRange(compiled.Weights.Length, 1, plain.Weights.Length);
        Assert.DoesNotContain("positions", compiled.Implementation, StringComparison.Ordinal);
    }

    [Fact]
    public void Few_numbers_are_divided_in_the_best_way() =>
        Gen.Select(Gen.Int[-50, 50].Array[1, 10], Gen.Int[1, 4])
            .Sample(
                (numbers, clusters) =>
                {
                    float[] values = [.. numbers.Select(n => n / 8f)];
                    var centres = OneDimensionalKMeans.Centres(values, clusters, Initialisation.PlusPlus, 1);
                    Assert.Equal(Least([.. values.Order()], clusters), Error(values, centres), 1e-4);
                }
            );

    [Theory]
    [InlineData(Initialisation.PlusPlus)]
    [InlineData(Initialisation.Linear)]
    public void Many_numbers_are_divided_well(Initialisation initialisation)
    {
        var random = new Random(1);
        float[] values =
        [
            .. Enumerable.Range(0, 60_000).Select(_ => (random.NextSingle() + random.NextSingle() + random.NextSingle() - 1.5f)),
        ];
        var centres = OneDimensionalKMeans.Centres(values, 64, initialisation, 1);

        Assert.Equal(64, centres.Length);
        Assert.Equal(centres.Order(), centres);
        Assert.Equal(centres, OneDimensionalKMeans.Centres(values, 64, initialisation, 1));
        // The best division of this density is about (∫ p^⅓)³ / (12 k²) a number.
        Assert.InRange(Error(values, centres) / values.Length, 1e-5, 1.6e-4);
    }

    [Fact]
    public void What_cannot_be_clustered_is_a_sentence()
    {
        var model = FloatModels.ResNet().Source();
        Assert.Contains("256", Fault(model, 257), StringComparison.Ordinal);
        Assert.Contains("between 2", Fault(model, 1), StringComparison.Ordinal);
        Assert.Contains("model.onnx", Fault(FloatModels.Source([7]), 16), StringComparison.Ordinal);

        static string Fault(ModelSource source, int clusters) =>
            Assert.Throws<CompressionException>(() => WeightClustering.Run(source, new ClusteringOptions(clusters))).Message;
    }

    private static double Error(float[] values, float[] centres) =>
        values.Sum(v => Math.Pow(v - (double)centres[OneDimensionalKMeans.Nearest(centres, v)], 2));

    /// <summary>The least error of all divisions into runs.</summary>
    private static double Least(float[] sorted, int clusters) =>
        sorted.Length == 0 ? 0
        : clusters == 1 ? sorted.Sum(v => Math.Pow(v - sorted.Average(w => (double)w), 2))
        : Enumerable.Range(1, sorted.Length).Min(cut => Least(sorted[..cut], 1) + Least(sorted[cut..], clusters - 1));
}
