using ModelCompiler.Compression.Clustering;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Compression.Pruning;
using ModelCompiler.Compression.Quantisation;
using ModelCompiler.Compression.Tests.Quantisation;
using ModelCompiler.Graphs;

namespace ModelCompiler.Compression.Tests.Pruning;

/// <summary>Models of integer weights are pruned and clustered as they are.</summary>
public sealed class QuantisedPruningTests
{
    [Theory]
    [InlineData("unstructured", 8)]
    [InlineData("4x8", 8)]
    [InlineData("2:4", 8)]
    [InlineData("unstructured", 4)]
    public void Integers_become_the_one_that_stands_for_zero_and_the_rest_stays(string pattern, int bits)
    {
        var quantised = QuantisedModels.Quantise(FloatModels.MobileNet().Builder, new QuantisationOptions { WeightBits = bits });
        var sparse = WeightPruning.Run(
            FloatModels.Source(quantised.Model),
            new WeightPruningOptions(0.5) { Pattern = SparsityPattern.Parse(pattern)! }
        );

        Assert.NotEmpty(sparse.Layers);
        var (before, after) = (Weights(quantised.Model), Weights(sparse.Model));
        foreach (var layer in sparse.Layers)
        {
            var pairs = before[layer.Layer].Weights.ToFloats().Zip(after[layer.Layer].Weights.ToFloats()).ToList();
            Assert.All(pairs, p => Assert.True(p.Second == 0 || p.Second == p.First));
            Assert.Equal(layer.Zeros, pairs.Count(p => p.Second == 0));
            Assert.InRange(layer.Zeros, layer.Weights * 0.4, layer.Weights);
        }

        QuantisedModels.AssertCompiledCodeAgrees(quantised with { Model = sparse.Model });
    }

    [Fact]
    public void Zero_points_of_channels_are_respected()
    {
        var model = Asymmetric(out var integers);
        var sparse = WeightPruning.Run(model, new WeightPruningOptions(0.5));

        var weights = OnnxModel.Read(FloatModels.Source(sparse.Model)).Constant(integers)!.ToLongs();
        // Channels 0 and 1 have the zero points 3 and 200; what is nearest to them goes.
        Assert.Equal([10, 3, 3, 0, 210, 200, 200, 190], weights);
        FloatModels.AssertCompiledCodeAgrees(sparse.Model);
        Assert.Contains("--per-channel", Assert.Throws<CompressionException>(() => Cluster(false)).Message, StringComparison.Ordinal);
        FloatModels.AssertCompiledCodeAgrees(Cluster(true));

        byte[] Cluster(bool perChannel) => WeightClustering.Run(model, new ClusteringOptions(2) { PerChannel = perChannel }).Model;
    }

    [Fact]
    public void Clustered_integers_are_few_and_take_half_the_bytes_whatever_the_scales_of_the_channels()
    {
        var m = new FloatModels(4);
        var x = m.Relu(m.Conv(m.Builder.Input("x", ElementType.Float32, 1, 16, 6, 6), 16, 64, 1));
        m.Classifier(m.Relu(m.Conv(x, 64, 64, 1)), 64);
        var quantised = QuantisedModels.Quantise(m.Builder);
        var sparse = FloatModels.Source(WeightPruning.Run(FloatModels.Source(quantised.Model), new WeightPruningOptions(0.3)).Model);
        var clustered = WeightClustering.Run(sparse, new ClusteringOptions(16));

        var (before, after) = (Weights(sparse.Bytes), Weights(CompressibleModel.Plain(FloatModels.Source(clustered.Model)).Bytes));
        foreach (var layer in clustered.Layers)
        {
            Assert.InRange(after[layer.Layer].Quantised!.Integers.ToLongs().Distinct().Count(), 2, 16);
            // Zeros stay zero, and nothing else becomes zero.
            Assert.Equal(Zeros(before[layer.Layer]), Zeros(after[layer.Layer]));
            Assert.InRange(layer.RelativeError, 1e-6, 0.1);
        }

        QuantisedModels.AssertCompiledCodeAgrees(quantised with { Model = clustered.Model });
        Assert.InRange(WeightBytes(clustered.Model), 1, 0.7 * WeightBytes(quantised.Model));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Channels_go_with_their_scales_zero_points_and_biases(bool residual)
    {
        var model = residual ? FloatModels.ResNet() : FloatModels.MobileNet();
        var quantised = QuantisedModels.Quantise(model.Builder);
        var options = new ChannelPruningOptions(0.5);
        var narrow = ChannelPruning.Run(FloatModels.Source(quantised.Model), options);
        var ofFloat = ChannelPruning.Run(model.Source(), options);

        Assert.Equal(ofFloat.Groups.Select(g => (g.Before, g.After)), narrow.Groups.Select(g => (g.Before, g.After)));
        QuantisedModels.AssertCompiledCodeAgrees(quantised with { Model = narrow.Model });
        Assert.True(WeightBytes(narrow.Model) < WeightBytes(quantised.Model));
        var proto = OnnxModel.Read(FloatModels.Source(narrow.Model)).Graph;
        var sizes = proto.Initializer.ToDictionary(i => i.Name, i => i.Dims.ToArray());
        Assert.All(
            proto.Node.Where(n => n.OpType == "DequantizeLinear" && sizes.ContainsKey(n.Input[0])),
            n => Assert.Equal(sizes[n.Input[1]], sizes[n.Input[2]])
        );
    }

    [Fact]
    public void A_narrow_quantised_network_computes_what_the_wide_one_does_without_these_channels()
    {
        // Two output channels of four are tiny: they go, and what is left gives the same to a few quanta of the middle.
        var m = new FloatModels(6);
        var x = m.Builder.Input("x", ElementType.Float32, 1, 3, 5, 5);
        float[] weights = [.. Enumerable.Range(0, 12).Select(i => (i / 3 % 2 == 0 ? 1 : 1e-4f) * ((i % 5) - 1.6f))];
        x = m.Relu(m.Builder.Node("Conv", [x, m.Builder.Constant([4, 3, 1, 1], weights)]));
        m.Classifier(x, 4);
        var quantised = QuantisedModels.Quantise(m.Builder);
        var narrow = ChannelPruning.Run(FloatModels.Source(quantised.Model), new ChannelPruningOptions(0.5));

        Assert.Equal([(4, 2)], narrow.Groups.Select(g => (g.Before, g.After)));
        var error = OutputError.Of(FloatModels.RunInOnnxRuntime(quantised.Model), FloatModels.RunInOnnxRuntime(narrow.Model));
        Assert.InRange(error, 0, 0.02);
    }

    [Fact]
    public void Blocks_of_quantised_networks_go_too()
    {
        var quantised = QuantisedModels.Quantise(FloatModels.ResNet().Builder);
        var source = FloatModels.Source(quantised.Model);
        var measure = ModelDrop.OfOutputs(quantised.Model, [.. QuantisedModels.Samples(quantised.Model, 2)]);
        var shorter = BlockPruning.Run(source, measure, new BlockPruningOptions(1));

        Assert.Single(shorter.Removed);
        Assert.True(WeightBytes(shorter.Model) < WeightBytes(quantised.Model));
        FloatModels.RunInOnnxRuntime(shorter.Model);
    }

    /// <summary>A convolution with weights of 8 bits without a sign, whose two channels have scales and zero points of their own.</summary>
    private static ModelSource Asymmetric(out string integers)
    {
        var m = new FloatModels(1);
        byte[] weights = [10, 4, 3, 0, 210, 201, 198, 190];
        integers = m.Builder.Constant(Tensor.From<byte>(ElementType.UInt8, new TensorShape(2, 4, 1, 1), weights));
        var scales = m.Builder.Constant([2], 0.5f, 0.25f);
        var zeroPoints = m.Builder.Constant(Tensor.From<byte>(ElementType.UInt8, new TensorShape(2), [3, 200]));
        var x = m.Builder.Input("x", ElementType.Float32, 1, 4, 3, 3);
        var w = m.Builder.Node("DequantizeLinear", [integers, scales, zeroPoints], ("axis", 0));
        m.Builder.Output(m.Builder.Node("Conv", [x, w]), ElementType.Float32);
        return m.Source();
    }

    private static Dictionary<string, WeightTensor> Weights(byte[] model) =>
        WeightTensor.AllOf(OnnxModel.Read(FloatModels.Source(model))).ToDictionary(w => w.Layer);

    private static List<bool> Zeros(WeightTensor weight) => [.. weight.Weights.ToFloats().Select(w => w == 0)];

    private static long WeightBytes(byte[] model) =>
        ModelCompilation.Plan(FloatModels.Source(model), new CompileOptions()).Description!.WeightBytes;
}
