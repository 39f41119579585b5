using ModelCompiler.Compression.Tests.Quantisation;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Testing;
using ModelCompiler.Training;
using ModelCompiler.Training.Architectures;
using ModelCompiler.Training.Optimisation;
using static TorchSharp.torch;

namespace ModelCompiler.Compression.Tests.Training.Architectures;

public sealed class ArchitectureTests
{
    public static TheoryData<string> Names => [.. ArchitectureTable.All.Select(a => a.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Untrained_networks_compile_and_give_what_onnxruntime_gives(string name)
    {
        var compiled = FloatModels.AssertCompiledCodeAgrees(SmallNetworks.Create(SmallNetworks.Find(name)));

        Assert.Empty(compiled.Problems);
    }

    [TorchTheory]
    [MemberData(nameof(Names))]
    public void Every_weight_has_a_gradient(string name)
    {
        var architecture = SmallNetworks.Find(name);
        using var model = SmallNetworks.Open(SmallNetworks.Create(architecture));
        var items = SmallNetworks.Items(model, architecture, 16);
        int[] all = [.. Enumerable.Range(0, 16)];
        var loss = architecture.LossOf(SmallNetworks.Classes);
        using var scope = NewDisposeScope();
        model.IsTraining = true;

        Loss.Of(loss, model.Forward(items.Inputs(all, null)), items.Targets(all, loss)).backward();

        var without = model
            .Parameters.Where(p => !p.IsStatistic && p.Tensor.grad?.abs().max().item<float>() is not (> 0 and < float.PositiveInfinity))
            .Select(p => p.Name);
        Assert.Empty(without);
    }

    [TorchTheory]
    [MemberData(nameof(Names))]
    public void Items_are_learnt(string name)
    {
        var architecture = SmallNetworks.Find(name);
        using var model = SmallNetworks.Open(SmallNetworks.Create(architecture));
        var options = new TrainingOptions
        {
            Epochs = 15,
            BatchSize = 16,
            ValidationPart = 0.2,
            Threads = 1,
            Loss = architecture.LossOf(SmallNetworks.Classes),
            Optimiser = new() { LearningRate = 0.003, WeightDecay = 0 },
        };
        using var training = new NetworkTraining(model, SmallNetworks.Items(model, architecture, 20), options);

        var epochs = training.Run().Epochs;

        Assert.True(epochs[^1].TrainingLoss < 0.98 * epochs[0].TrainingLoss, string.Join("\n", epochs));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Quantised_networks_stay_close(string name)
    {
        var model = SmallNetworks.Create(SmallNetworks.Find(name));

        var quantised = QuantisedModels.Quantise(model);

        Assert.Contains(quantised.IntegerNodes.Keys, k => k is "Conv" or "Gemm" or "MatMul");
        var expected = (float[])FloatModels.RunInOnnxRuntime(model)[0].Elements;
        var actual = (float[])FloatModels.RunInOnnxRuntime(quantised.Model)[0].Elements;
        Assert.True(Distance(expected, actual) < 0.1, $"{Distance(expected, actual)}");
    }

    [Fact]
    public void The_depthwise_separable_network_has_the_shape_of_the_sample()
    {
        var sample = ModelProto.Parser.ParseFrom(File.ReadAllBytes(SampleFiles.Model("fashion-mnist-float.onnx"))).Graph;

        var network = SmallNetworks.Create("ds-cnn", new TensorShape(1, 28, 28), outputs: 10).Graph;

        Assert.Equal(sample.Node.ToString(), network.Node.ToString());
        Assert.Equal(sample.Initializer.Select(Shape), network.Initializer.Select(Shape));
        Assert.Equal((sample.Input.ToString(), sample.Output.ToString()), (network.Input.ToString(), network.Output.ToString()));

        static string Shape(TensorProto tensor) => $"{tensor.Name} [{string.Join(",", tensor.Dims)}]";
    }

    [Theory]
    [InlineData("lenet-300-100", 266_610)]
    [InlineData("lenet-5", 431_080)]
    public void The_networks_of_the_literature_have_their_number_of_weights(string name, int weights)
    {
        var network = SmallNetworks.Create(name, new TensorShape(1, 28, 28), outputs: 10);

        Assert.Equal(weights, network.Graph.Initializer.Sum(i => i.Dims.Aggregate(1L, (product, size) => product * size)));
    }

    [Theory]
    [InlineData("mobilenet-v1", 8, 1)]
    [InlineData("mobilenet-v1", 28, 3)]
    [InlineData("mobilenet-v1", 64, 5)]
    [InlineData("mobilenet-v2", 28, 3)]
    [InlineData("mobilenet-v2", 96, 5)]
    public void Small_images_are_halved_fewer_times(string name, int side, int halvings)
    {
        var network = SmallNetworks.Create(name, new TensorShape(3, side, side), size: new(Width: 0.25));

        Assert.Equal(halvings, network.Graph.Node.Count(n => n.Attribute.Any(a => a.Name == "strides" && a.Ints[0] == 2)));
    }

    [Fact]
    public void Weights_are_those_of_the_seed()
    {
        var architecture = SmallNetworks.Find("ds-cnn");

        Assert.Equal(SmallNetworks.Create(architecture, seed: 3), SmallNetworks.Create(architecture, seed: 3));
        Assert.NotEqual(SmallNetworks.Create(architecture, seed: 3), SmallNetworks.Create(architecture, seed: 4));
    }

    [Theory]
    [InlineData("ds-cnn", new[] { 16, 16 }, new[] { 1, 16, 16 })]
    [InlineData("gru", new[] { 6, 4 }, new[] { 1, 6, 4 })]
    public void A_channel_that_is_alone_may_be_left_out(string name, int[] without, int[] with)
    {
        var networks = new[] { without, with }.Select(shape =>
            Google.Protobuf.MessageExtensions.ToByteArray(SmallNetworks.Create(name, new TensorShape(shape)))
        );

        var outputs = networks.Select(n => (float[])FloatModels.RunInOnnxRuntime(n)[0].Elements).ToList();

        Assert.Equal(outputs[0], outputs[1]);
    }

    [Fact]
    public void What_an_architecture_cannot_be_or_take_is_said_in_a_sentence()
    {
        AssertRefused("ds-cnn takes images, [channels, height, width] or [height, width]; an item of the data is [64]", "ds-cnn", [64]);
        AssertRefused("of 16×16 pixels and more; an item of the data is [1,8,8]", "lenet-5", [1, 8, 8]);
        AssertRefused("lstm takes sequences, [time, features]", "lstm", [3, 8, 8]);
        AssertRefused("items of one element and more", "lenet-300-100", [0]);
        AssertRefused("must be multiples of 4; the data have 10×16", "u-net", [1, 10, 16]);
        AssertRefused("the bottleneck has 8 units, but an item has 8 elements", "autoencoder", [8]);
        AssertRefused("--width means nothing to lstm, which takes --hidden, --layers", "lstm", [8, 8], new(Width: 1));
        AssertRefused("--hidden means nothing to lenet-5, which takes no such option", "lenet-5", [1, 28, 28], new(Hidden: 1));
        AssertRefused("--width: more than 0 and at most 16 was expected; NaN was given", "ds-cnn", [28, 28], new(Width: double.NaN));
        AssertRefused("--layers: more than 0 and at most 16 was expected; 17 was given", "u-net", [28, 28], new(Layers: 17));
        AssertRefused("must be a multiple of 32, the size of a head; 40 was given", "transformer", [28, 28], new(Hidden: 40));
        AssertRefused("more than 100000000 weights; 'hidden1.weight'", "lenet-300-100", [3, 1000, 1000]);
        Assert.Contains(
            "the data name 0 classes",
            Assert.Throws<TrainingException>(() => SmallNetworks.Create("ds-cnn", new TensorShape(28, 28), outputs: 0)).Message,
            StringComparison.Ordinal
        );

        static void AssertRefused(string part, string name, int[] item, SizeChoices? size = null) =>
            Assert.Contains(
                part,
                Assert.Throws<TrainingException>(() => SmallNetworks.Create(name, new TensorShape(item), size: size)).Message,
                StringComparison.Ordinal
            );
    }

    /// <summary>How far numbers are from others, as a part of these.</summary>
    private static double Distance(float[] expected, float[] actual)
    {
        var error = expected.Zip(actual, (e, a) => ((double)e - a) * (e - a)).Sum();
        return Math.Sqrt(error / expected.Sum(e => (double)e * e));
    }
}
