using ModelCompiler.Compression.Onnx;
using ModelCompiler.Compression.Pruning;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Training;
using ModelCompiler.Training.Data;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Training.Optimisation;
using ModelCompiler.Training.Pruning;

namespace ModelCompiler.Compression.Tests.Training.Pruning;

public sealed class GradualPruningTests
{
    private static readonly TrainingOptions Quick = new()
    {
        Epochs = 2,
        BatchSize = 16,
        Threads = 1,
        Optimiser = new() { LearningRate = 0.01, WeightDecay = 0 },
        Schedule = new() { WarmUpEpochs = 0 },
    };

    [Fact]
    public void Sparsity_rises_by_the_cube_of_what_is_left()
    {
        var schedule = new SparsitySchedule(0.2, 0.8, 3);

        Assert.Equal([0.8 - (0.6 * 8 / 27), 0.8 - (0.6 / 27), 0.8], Enumerable.Range(1, 3).Select(schedule.At), new Near());
        // What each step takes of the rest makes up the whole.
        var left = Enumerable.Range(1, 3).Aggregate(1.0, (rest, step) => rest * (1 - schedule.OfRest(step)));
        Assert.Equal(0.2, left, 1e-12);
        foreach (
            var bad in new SparsitySchedule[] { new(0, 0.5, 0), new(-0.1, 0.5, 2), new(0.6, 0.5, 2), new(0, 1.1, 2), new(double.NaN, 1, 2) }
        )
        {
            Assert.Throws<TrainingException>(bad.Check);
        }
    }

    [TorchFact]
    public void Each_step_prunes_more_and_what_was_pruned_stays_so()
    {
        var history = Run(Dense(), Quick, new SparsitySchedule(0, 0.75, 3));

        Assert.Null(history.Stopped);
        Assert.Equal([1, 2, 3], history.Steps.Select(s => s.Step));
        Assert.Equal([1, 3, 5], history.Steps.Select(s => s.FirstEpoch));
        Assert.Equal([1, 2, 3, 4, 5, 6], history.Epochs.Select(e => e.Epoch));
        var weights = WeightTensor.AllOf(OnnxModel.Read(FloatModels.Source(history.Model)));
        Assert.All(weights, w => Assert.Equal(0.75, w.Weights.ToFloats().Count(v => v == 0) / (double)w.Weights.Shape.Elements, 0.03));
        FloatModels.RunInOnnxRuntime(history.Model);
    }

    [TorchFact]
    public void Pruning_that_was_interrupted_within_a_step_and_between_two_ends_as_one_that_was_not()
    {
        var (source, schedule) = (Dense(), new SparsitySchedule(0, 0.6, 2));
        var whole = Run(source, Quick, schedule);
        foreach (var epoch in new[] { 1, 2, 3 })
        {
            var saved = Array.Empty<byte>();
            using var stop = new CancellationTokenSource();
            GradualPruning? first = null;
            first = new(source, schedule, Quick, Work())
            {
                OnEpoch = e =>
                {
                    if (e.Epoch == epoch)
                    {
                        saved = first!.Save();
                        stop.Cancel();
                    }
                },
            };
            Assert.Throws<OperationCanceledException>(() => first.Run(stop.Token));

            var second = new GradualPruning(source, schedule, Quick, Work());
            second.Resume(saved);
            var resumed = second.Run();
            Assert.Equal(whole.Model, resumed.Model);
            Assert.Equal(
                whole.Epochs.Select(e => (e.Epoch, e.TrainingLoss, e.ValidationLoss)),
                resumed.Epochs.Select(e => (e.Epoch, e.TrainingLoss, e.ValidationLoss))
            );
            Assert.Throws<TrainingException>(() => new GradualPruning(source, new(0, 0.5, 2), Quick, Work()).Resume(saved));
            saved[^1] ^= 1;
            Assert.Throws<TrainingException>(() => second.Resume(saved));
        }
    }

    [TorchFact]
    public void Where_a_step_has_no_loss_the_model_of_the_step_before_it_is_kept()
    {
        var work = Work();
        byte[]? ofFirst = null;
        var spoiling = work with
        {
            Prune = (source, step) =>
            {
                ofFirst = step == 2 ? source.Bytes : ofFirst;
                return step == 2 ? WithNaN(source) : work.Prune(source, step);
            },
        };
        var history = new GradualPruning(Dense(), new(0, 0.5, 3), Quick, spoiling).Run();

        Assert.Equal([1], history.Steps.Select(s => s.Step));
        Assert.Equal(ofFirst, history.Model);
        Assert.Contains("Step 2 of 3", history.Stopped, StringComparison.Ordinal);
        Assert.Contains("epoch 1, batch 1 of", history.Stopped, StringComparison.Ordinal);
        var fromTheFirst = work with { Prune = (source, _) => WithNaN(source) };
        Assert.Throws<NoLossException>(() => new GradualPruning(Dense(), new(0, 0.5, 3), Quick, fromTheFirst).Run());
    }

    [TorchFact]
    public void Importances_by_gradients_keep_what_magnitudes_would_take()
    {
        // The third input is always 0: its large weights do not matter, and the small ones of the first do.
        var source = Dense(columns: [0.1f, 0.5f, 9, 0.5f]);
        using var model = TrainableModel.Open(source);
        var scores = TaylorImportance.Of(model, Items(model), LossKind.CrossEntropy, batchSize: 16, maxItems: 32);
        var byGradient = FirstWeights(new(0.25) { Importance = w => scores.GetValueOrDefault(w.Name) });
        var byMagnitude = FirstWeights(new(0.25));

        var given = scores[model.Parameters[0].Name];
        Assert.All(given.Skip(32).Take(16), score => Assert.Equal(0, score));
        Assert.Equal(16, byGradient.Where((w, i) => w == 0 && given[i] == 0).Count());
        Assert.Contains(byMagnitude.Zip(given), p => p.First == 0 && p.Second > 0);

        float[] FirstWeights(WeightPruningOptions options) =>
            WeightTensor.AllOf(OnnxModel.Read(FloatModels.Source(WeightPruning.Run(source, options).Model)))[0].Weights.ToFloats();
    }

    private static PruningHistory Run(ModelSource source, TrainingOptions options, SparsitySchedule schedule) =>
        new GradualPruning(source, schedule, options, Work(schedule)).Run();

    private static PruningWork Work(SparsitySchedule? schedule = null) =>
        new(
            (source, step) => WeightPruning.Run(source, new WeightPruningOptions((schedule ?? new(0, 0.6, 2)).At(step))).Model,
            source => TrainableModel.Open(source),
            Items,
            "weights"
        );

    private static byte[] WithNaN(ModelSource source)
    {
        var model = OnnxModel.Read(source);
        var weight = WeightTensor.AllOf(model)[0];
        var weights = weight.Weights.ToFloats();
        weights[0] = float.NaN;
        model.SetConstant(weight.Name, Tensor.Floats(weight.Weights.Shape, weights));
        return Google.Protobuf.MessageExtensions.ToByteArray(model.Proto);
    }

    /// <summary>Two layers; each input may have a size of its own for its weights.</summary>
    private static ModelSource Dense(float[]? columns = null)
    {
        var m = new FloatModels(7);
        var random = new Random(3);
        float[] first = [.. Enumerable.Range(0, 64).Select(i => (columns?[i / 16] ?? 1) * ((random.NextSingle() * 2) - 1))];
        var x = m.Builder.SymbolicInput("x", ElementType.Float32, "batch", 4);
        x = m.Relu(m.Builder.Node("Gemm", [x, m.Builder.Constant([4, 16], first), m.Weights(16)]));
        m.Builder.Output(m.Builder.Node("Gemm", [x, m.Weights(16, 2), m.Weights(2)]), ElementType.Float32);
        return m.Source();
    }

    /// <summary>Rows of four numbers, the third always 0, whose class says whether the first or the second is greater.</summary>
    private static TrainingItems Items(TrainableModel model)
    {
        var random = new Random(1);
        float[] x = [.. Enumerable.Range(0, 96 * 4).Select(i => i % 4 == 2 ? 0 : random.NextSingle())];
        long[] y = [.. Enumerable.Range(0, 96).Select(i => x[i * 4] > x[(i * 4) + 1] ? 0L : 1)];
        return TrainingItems.Of(
            model,
            [new("x", new(ElementType.Float32, new TensorShape(96, 4)), x), new("y", new(ElementType.Int64, new TensorShape(96)), y)]
        );
    }

    private sealed class Near : IEqualityComparer<double>
    {
        public bool Equals(double x, double y) => Math.Abs(x - y) < 1e-12;

        public int GetHashCode(double obj) => 0;
    }
}
