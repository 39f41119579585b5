using ModelCompiler.Compression.Onnx;
using ModelCompiler.Compression.Quantisation;
using ModelCompiler.Compression.Tests.Training.Graphs;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Training;
using ModelCompiler.Training.Data;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Training.Optimisation;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Tests.Training;

public sealed class QuantisationAwareTrainingTests
{
    private const int Items = 192;

    [TorchTheory]
    [InlineData(QuantisationRule.Nearest, WeightScaling.Channel, false, 1)]
    [InlineData(QuantisationRule.Nearest, WeightScaling.Tensor, true, 1)]
    // Cutting bits off costs more, so that there is more to win back.
    [InlineData(QuantisationRule.Truncate, WeightScaling.Tensor, false, 0.9)]
    public void Networks_of_4_bit_weights_learn_with_their_own_rounding(
        QuantisationRule rule,
        WeightScaling scaling,
        bool asymmetric,
        double part
    )
    {
        var network = Train(TrainableModels.Convolutional().ToBytes(), epochs: 20, rate: 0.03).Model;
        var options = new QuantisationOptions
        {
            WeightBits = 4,
            Rule = rule,
            WeightScaling = scaling,
            AsymmetricWeights = asymmetric,
        };
        var quantised = PostTrainingQuantisation.Run(FloatModels.Source(network), [.. Samples()], options).Model;
        var (trained, before, after) = Train(quantised, epochs: 8, rate: 0.01);

        Assert.True(after.Loss < part * before.Loss, $"{before}, {after}");
        var model = OnnxModel.Read(FloatModels.Source(trained));
        Assert.Equal(2, model.Graph.Initializer.Count(i => i.DataType == (int)ElementType.Int4 && i.Dims.Count > 1));
        // Normalisation was folded before, so that what is trained is what the device multiplies with.
        Assert.DoesNotContain(model.Graph.Node, n => n.OpType == "BatchNormalization");
        // The scales are those of before.
        Assert.Equal(Scales(quantised), Scales(trained));
        FloatModels.AssertCompiledCodeAgrees(trained);
    }

    private static (byte[] Model, Measurement Before, Measurement After) Train(byte[] bytes, int epochs, double rate)
    {
        using var model = TrainableModel.Open(FloatModels.Source(bytes));
        var (pixels, labels) = Data();
        var items = TrainingItems.Of(
            model,
            [
                new("image", new TensorType(ElementType.Float32, new TensorShape(Items, 1, 6, 6)), pixels),
                new("labels", new TensorType(ElementType.Int64, new TensorShape(Items)), labels),
            ]
        );
        var options = new TrainingOptions
        {
            Epochs = epochs,
            BatchSize = 16,
            ValidationPart = 0.25,
            Threads = 1,
            Optimiser = new() { LearningRate = rate },
        };
        using var training = new NetworkTraining(model, items, options);
        var before = NetworkTraining.Measure(model, items, LossKind.CrossEntropy);
        training.Run();
        return (model.ToOnnx(), before, NetworkTraining.Measure(model, items, LossKind.CrossEntropy));
    }

    private static IEnumerable<IReadOnlyList<NamedTensor>> Samples()
    {
        var type = new TensorType(ElementType.Float32, new TensorShape(1, 1, 6, 6));
        return Data().Pixels.Chunk(36).Take(64).Select(pixels => (IReadOnlyList<NamedTensor>)[new NamedTensor("image", type, pixels)]);
    }

    /// <summary>A bright row, a bright column or neither, hidden in noise.</summary>
    private static (float[] Pixels, long[] Labels) Data()
    {
        var random = new Random(1);
        long[] labels = [.. Enumerable.Range(0, Items).Select(i => (long)(i % 3))];
        float[] pixels =
        [
            .. labels.SelectMany(label =>
            {
                var line = random.Next(6);
                return Enumerable
                    .Range(0, 36)
                    .Select(p => (random.NextSingle() * 0.4f) + ((label == 0 && p / 6 == line) || (label == 1 && p % 6 == line) ? 0.6f : 0))
                    .ToArray();
            }),
        ];
        return (pixels, labels);
    }

    private static List<float[]> Scales(byte[] bytes)
    {
        var model = OnnxModel.Read(FloatModels.Source(bytes));
        return [.. model.Graph.Node.Where(n => n.OpType == "DequantizeLinear").Select(n => model.Constant(n.Input[1])!.ToFloats())];
    }
}
