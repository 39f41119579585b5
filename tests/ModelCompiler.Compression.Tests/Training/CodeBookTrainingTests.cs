using ModelCompiler.Compression.Clustering;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Training;
using ModelCompiler.Training.Data;
using ModelCompiler.Training.Graphs;

namespace ModelCompiler.Compression.Tests.Training;

public sealed class CodeBookTrainingTests
{
    [TorchTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Code_books_in_a_file_are_trained_and_their_indices_stay(bool perChannel)
    {
        var m = new FloatModels(7);
        var x = m.Builder.SymbolicInput("x", ElementType.Float32, "batch", 4);
        m.Builder.Output(m.Builder.Node("MatMul", [x, m.Weights(4, 3)]), ElementType.Float32);
        var clustered = FloatModels.Source(WeightClustering.Run(m.Source(), new ClusteringOptions(2) { PerChannel = perChannel }).Model);
        using var model = TrainableModel.Open(clustered);
        var items = TrainingItems.Of(
            model,
            [
                new("x", new(ElementType.Float32, new TensorShape(32, 4)), RandomTensors.Floats(1, 32, 4).ToFloats()),
                new("y", new(ElementType.Int64, new TensorShape(32)), Enumerable.Range(0, 32).Select(i => (long)(i % 3)).ToArray()),
            ]
        );
        using var training = new NetworkTraining(
            model,
            items,
            new()
            {
                Epochs = 2,
                BatchSize = 8,
                Threads = 1,
            }
        );
        training.Run();

        var (before, after) = (Weights(clustered), Weights(FloatModels.Source(model.ToOnnx())));
        Assert.NotEqual(before, after);
        Assert.Equal(Ties(before, perChannel), Ties(after, perChannel));
        FloatModels.RunInOnnxRuntime(model.ToOnnx());
    }

    private static float[] Weights(ModelSource model) => WeightTensor.AllOf(CompressibleModel.Read(model)).Single().Weights.ToFloats();

    /// <summary>For each weight the first of its channel, or of all, that has its value.</summary>
    private static List<int> Ties(float[] weights, bool perChannel) =>
        [.. weights.Select((w, i) => Enumerable.Range(0, weights.Length).First(k => weights[k] == w && (!perChannel || k % 3 == i % 3)))];
}
