using ModelCompiler.Testing;
using ModelCompiler.Training;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Training.Optimisation;
using static TorchSharp.torch;

namespace ModelCompiler.Compression.Tests.Training.Graphs;

public sealed class ParameterConstraintTests
{
    [TorchFact]
    public void A_mask_keeps_zeros_through_steps_with_momentum_and_decay()
    {
        using var model = TrainableModel.Open(new ModelSource("test.onnx", TrainableModels.Convolutional().ToBytes(), _ => null));
        var weight = model.Parameters.Single(p => p.Name == "fc.weight");
        weight.Set([.. weight.ToArray().Select((v, i) => i % 3 == 0 ? 0 : v)]);
        model.Constraints.Add(PruningMask.OfZeros(weight));
        var before = weight.ToArray();

        Steps(model, 3);

        var after = weight.ToArray();
        Assert.All(Enumerable.Range(0, after.Length), i => Assert.Equal(before[i] == 0, after[i] == 0));
        Assert.NotEqual(before, after);
    }

    [TorchFact]
    public void Tied_elements_stay_equal_and_move_by_the_sum_of_their_gradients()
    {
        using var model = TrainableModel.Open(new ModelSource("test.onnx", TrainableModels.Convolutional().ToBytes(), _ => null));
        var weight = model.Parameters.Single(p => p.Name == "fc.weight");
        float[] centroids = [-0.5f, 0, 0.25f];
        weight.Set([.. Enumerable.Range(0, weight.Shape.Elements).Select(i => centroids[i * i % 7 % 3])]);
        var before = weight.ToArray();
        model.Constraints.Add(SharedCentroids.OfEqualValues(weight));

        Steps(model, 1);

        var after = weight.ToArray();
        var moved = before.Zip(after).Distinct().ToDictionary(p => p.First, p => p.Second);
        Assert.Equal(3, moved.Count);
        Assert.Equal(0, moved[0]);
        using var gradient = tensor(new float[before.Length]).reshape(weight.Tensor.shape);
        using var tied = SharedCentroids.OfEqualValues(weight);
        gradient.fill_(1);
        tied.ApplyToGradient(gradient);
        Assert.Equal(before.Count(v => v == -0.5f), gradient.data<float>().ToArray()[Array.IndexOf(before, -0.5f)]);
    }

    [TorchFact]
    public void Constraints_that_do_not_fit_are_refused()
    {
        using var model = TrainableModel.Open(new ModelSource("test.onnx", TrainableModels.Convolutional().ToBytes(), _ => null));
        var weight = model.Parameters.Single(p => p.Name == "fc.weight");

        Assert.Throws<TrainingException>(() => new PruningMask(weight, new bool[3]));
        Assert.Throws<TrainingException>(() => new SharedCentroids(weight, new int[3]));
        Assert.Throws<TrainingException>(() => new SharedCentroids(weight, [.. Enumerable.Repeat(-1, 48)]));
    }

    private static void Steps(TrainableModel model, int count)
    {
        using var scope = NewDisposeScope();
        using var optimiser = new ConstrainedOptimiser(
            model,
            new OptimiserOptions
            {
                Kind = OptimiserKind.Sgd,
                Momentum = 0.9,
                WeightDecay = 0.1,
                LearningRate = 0.1,
            }
        );
        manual_seed(1);
        model.IsTraining = true;
        for (var i = 0; i < count; i++)
        {
            optimiser.ZeroGradients();
            model.Forward(rand(4, 1, 6, 6)).Scores.square().mean().backward();
            optimiser.Step();
        }
    }
}
