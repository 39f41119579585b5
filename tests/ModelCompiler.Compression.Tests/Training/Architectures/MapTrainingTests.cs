using Google.Protobuf;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Training;
using ModelCompiler.Training.Data;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Training.Optimisation;

namespace ModelCompiler.Compression.Tests.Training.Architectures;

/// <summary>Networks that give a class at every place of an image.</summary>
public sealed class MapTrainingTests
{
    private const int Side = 8;
    private const int Count = 48;

    private static readonly TrainingOptions Quick = new()
    {
        Epochs = 30,
        BatchSize = 8,
        ValidationPart = 0.25,
        Threads = 1,
        Optimiser = new() { LearningRate = 0.02 },
    };

    [TorchTheory]
    [InlineData(LossKind.CrossEntropy, 3)]
    [InlineData(LossKind.BinaryCrossEntropy, 1)]
    public void Brightness_is_learnt_at_every_place(LossKind loss, int outputs)
    {
        using var model = Open(outputs);
        var items = Items(model, (pixel, _) => outputs == 1 ? (pixel > 0.5 ? 1 : 0) : (long)(pixel * 3));
        using var training = new NetworkTraining(model, items, Quick with { Loss = loss });
        var before = training.MeasureValidation().Accuracy;

        var history = training.Run();

        Assert.True(before < 0.7, $"{before}");
        Assert.True(history.Best.ValidationAccuracy > 0.8, string.Join("\n", history.Epochs));
        Assert.InRange(history.Best.ValidationAccuracy!.Value, 0, 1);
    }

    [TorchFact]
    public void Targets_that_are_no_classes_at_every_place_get_a_sentence()
    {
        using var model = Open(3);

        AssertRefused("0 to 2, but the data have the class 7", Items(model, (_, i) => i == 1000 ? 7 : 0));
        AssertRefused("but the data have the class -1", Items(model, (_, i) => i == 1000 ? -1 : 0));
        AssertRefused(
            "at each of 8×8 places; cross-entropy needs a class for each place",
            Items(model, (_, _) => 0, new TensorShape(Count))
        );
        AssertRefused("as an integer; the targets have other numbers", Items(model, (_, i) => i == 1000 ? 0.5f : 1f));

        void AssertRefused(string part, TrainingItems items) =>
            Assert.Contains(
                part,
                Assert.Throws<TrainingException>(() => new NetworkTraining(model, items, Quick)).Message,
                StringComparison.Ordinal
            );
    }

    private static TrainableModel Open(int outputs) =>
        SmallNetworks.Open(
            SmallNetworks.Create("u-net", new TensorShape(1, Side, Side), outputs, new(Width: 0.5, Layers: 1)).ToByteArray()
        );

    /// <summary>Random images, with targets that are made of a pixel and its number.</summary>
    private static TrainingItems Items<T>(TrainableModel model, Func<float, int, T> target, TensorShape? shape = null)
        where T : unmanaged
    {
        var random = new Random(1);
        float[] pixels = [.. Enumerable.Range(0, Count * Side * Side).Select(_ => random.NextSingle())];
        shape ??= new TensorShape(Count, Side, Side);
        T[] targets = [.. pixels.Take(shape.Elements).Select(target)];
        var element =
            typeof(T) == typeof(float) ? ElementType.Float32
            : typeof(T) == typeof(long) ? ElementType.Int64
            : ElementType.Int32;
        return TrainingItems.Of(
            model,
            [new("x", new(ElementType.Float32, new TensorShape(Count, 1, Side, Side)), pixels), new("y", new(element, shape), targets)]
        );
    }
}
