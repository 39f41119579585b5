using ModelCompiler.Compression.Tests.Training.Graphs;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Training;
using ModelCompiler.Training.Data;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Training.Optimisation;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Tests.Training;

public sealed class NetworkTrainingTests
{
    private static readonly TrainingOptions Quick = new()
    {
        Epochs = 6,
        BatchSize = 16,
        ValidationPart = 0.25,
        Threads = 1,
        Optimiser = new() { LearningRate = 0.03 },
    };

    public static TheoryData<OptimiserKind, ScheduleKind> Ways =>
        new()
        {
            { OptimiserKind.AdamW, ScheduleKind.Cosine },
            { OptimiserKind.Adam, ScheduleKind.Step },
            { OptimiserKind.Sgd, ScheduleKind.Constant },
        };

    [TorchTheory]
    [MemberData(nameof(Ways))]
    public void Classes_are_learnt_with_every_optimiser(OptimiserKind optimiser, ScheduleKind schedule)
    {
        using var model = Open(TrainableModels.Convolutional());
        var options = Quick with
        {
            Epochs = 12,
            Optimiser = new()
            {
                Kind = optimiser,
                LearningRate = 0.03,
                Momentum = 0.9,
                Nesterov = optimiser == OptimiserKind.Sgd,
            },
            Schedule = new() { Kind = schedule, StepEpochs = 3 },
        };
        using var training = new NetworkTraining(model, Stripes(model, 128), options);
        var before = training.MeasureValidation();

        var history = training.Run();

        Assert.True(before.Accuracy < 0.7, $"{before}");
        Assert.True(history.Best.ValidationAccuracy > 0.9, string.Join("\n", history.Epochs));
        Assert.Equal(history.Best.ValidationAccuracy!.Value, training.MeasureValidation().Accuracy!.Value, 9);
    }

    [Fact]
    public void Of_two_epochs_that_are_as_accurate_the_one_with_less_loss_is_better()
    {
        var epoch = new EpochResult(1, TrainingLoss: 1, ValidationLoss: 0.5, ValidationAccuracy: 0.9, Seconds: 1);
        Assert.True((epoch with { ValidationLoss = 0.4 }).IsBetterThan(epoch));
        Assert.False((epoch with { ValidationLoss = 0.6 }).IsBetterThan(epoch));
        Assert.False((epoch with { ValidationLoss = 0.4, ValidationAccuracy = 0.8 }).IsBetterThan(epoch));
        Assert.True((epoch with { ValidationLoss = 0.6, ValidationAccuracy = 0.95 }).IsBetterThan(epoch));
        Assert.False(epoch.IsBetterThan(epoch));

        // Without accuracies, by loss alone.
        var other = epoch with
        {
            ValidationAccuracy = null,
        };
        Assert.True((other with { ValidationLoss = 0.4 }).IsBetterThan(other));
        Assert.False((other with { ValidationLoss = 0.6 }).IsBetterThan(other));
    }

    [TorchFact]
    public void A_resumed_training_ends_as_one_without_interruption()
    {
        foreach (var kind in Enum.GetValues<OptimiserKind>())
        {
            var options = Quick with
            {
                Epochs = 4,
                Optimiser = new()
                {
                    Kind = kind,
                    LearningRate = 0.02,
                    Momentum = 0.9,
                },
            };
            var whole = Trained(options, stopAfter: null);

            Assert.Equal(whole, Trained(options, stopAfter: 2));
            Assert.NotEqual(whole, Trained(options with { Seed = 2 }, stopAfter: null));
        }
    }

    [TorchFact]
    public void A_checkpoint_that_is_damaged_or_of_another_training_is_refused()
    {
        using var model = Open(TrainableModels.Convolutional());
        using var training = new NetworkTraining(model, Stripes(model, 64), Quick);
        training.Run();
        var saved = training.Save();
        using var other = new NetworkTraining(model, Stripes(model, 64), Quick with { Seed = 2 });

        Assert.Contains("another training", Assert.Throws<TrainingException>(() => other.Resume(saved)).Message, StringComparison.Ordinal);
        saved[^40] ^= 1;
        Assert.Contains("damaged", Assert.Throws<TrainingException>(() => training.Resume(saved)).Message, StringComparison.Ordinal);
        Assert.Throws<TrainingException>(() => training.Resume([]));
    }

    [TorchFact]
    public void Quantised_networks_learn_with_their_own_rounding()
    {
        using var model = Open(TrainableModels.Quantised());
        var random = new Random(1);
        float[] x = [.. Enumerable.Range(0, 96 * 6).Select(_ => random.NextSingle() * 2)];
        long[] y =
        [
            .. Enumerable
                .Range(0, 96)
                .Select(i =>
                    x[i * 6] > 1 ? 0L
                    : x[(i * 6) + 1] > 1 ? 1
                    : 2
                ),
        ];
        var items = TrainingItems.Of(model, [new("x", Type(ElementType.Float32, 96, 6), x), new("y", Type(ElementType.Int64, 96), y)]);
        using var training = new NetworkTraining(
            model,
            items,
            Quick with
            {
                Epochs = 12,
                Optimiser = new() { LearningRate = 0.1 },
            }
        );

        var history = training.Run();

        Assert.True(history.Best.ValidationAccuracy > 0.8, string.Join("\n", history.Epochs));
        using var oracle = new OnnxRuntimeOracle(model.ToOnnx());
        var right = Enumerable
            .Range(0, 96)
            .Count(i =>
                oracle.Run([new NamedTensor("x", Type(ElementType.Float32, 1, 6), x[(i * 6)..((i + 1) * 6)])])[0].Elements is float[] s
                && Array.IndexOf(s, s.Max()) == y[i]
            );
        Assert.True(right > 0.75 * 96, $"{right}");
    }

    [TorchTheory]
    [InlineData(LossKind.MeanSquaredError)]
    [InlineData(LossKind.BinaryCrossEntropy)]
    public void Other_losses_fall(LossKind loss)
    {
        using var model = Open(Dense(sigmoid: loss == LossKind.BinaryCrossEntropy));
        var random = new Random(1);
        float[] x = [.. Enumerable.Range(0, 64 * 4).Select(_ => random.NextSingle())];
        float[] y = [.. Enumerable.Range(0, 64 * 2).Select(i => x[i * 2] > 0.5f ? 1f : 0)];
        var items = TrainingItems.Of(model, [new("x", Type(ElementType.Float32, 64, 4), x), new("y", Type(ElementType.Float32, 64, 2), y)]);
        using var training = new NetworkTraining(model, items, Quick with { Loss = loss, Epochs = 30 });
        var before = training.MeasureValidation();

        var history = training.Run();

        Assert.True(history.Best.ValidationLoss < 0.9 * before.Loss, $"{before}, {history.Best}");
        Assert.Equal(loss == LossKind.BinaryCrossEntropy, history.Best.ValidationAccuracy is not null);
    }

    [TorchFact]
    public void A_loss_that_is_no_number_stops_with_the_best_so_far()
    {
        using var model = Open(TrainableModels.Convolutional());
        var options = Quick with
        {
            Optimiser = new() { Kind = OptimiserKind.Sgd, LearningRate = 1e30 },
            Schedule = new() { WarmUpEpochs = 0 },
        };
        using (var training = new NetworkTraining(model, Stripes(model, 64), options))
        {
            Assert.Matches(
                "no number any more in epoch 1, batch [0-9]+ of [0-9]+",
                Assert.Throws<NoLossException>(() => training.Run()).Message
            );
        }

        using var other = Open(TrainableModels.Convolutional());
        using var spoilt = new NetworkTraining(other, Stripes(other, 64), Quick);
        var history = spoilt.Run(e =>
        {
            if (e.Epoch == 2)
            {
                other.Parameters[0].Set([.. Enumerable.Repeat(float.NaN, 36)]);
            }
        });

        Assert.Equal(2, history.Epochs.Count);
        Assert.Contains("epoch 3", history.Stopped, StringComparison.Ordinal);
        Assert.DoesNotContain(float.NaN, other.Parameters[0].ToArray());
    }

    [TorchFact]
    public void Training_stops_where_nothing_improves()
    {
        using var model = Open(TrainableModels.Convolutional());
        var options = Quick with
        {
            Epochs = 50,
            Patience = 2,
            Optimiser = new() { LearningRate = 1e-12 },
        };
        using var training = new NetworkTraining(model, Stripes(model, 64), options);

        var history = training.Run();

        Assert.True(history.Epochs.Count < 50);
        Assert.Contains("no improvement", history.Stopped, StringComparison.Ordinal);
    }

    [TorchFact]
    public void Data_that_do_not_fit_get_a_sentence()
    {
        using var model = Open(TrainableModels.Convolutional());
        var items = Stripes(model, 64, labels: i => i == 5 ? 7 : i % 2);

        AssertRefused("the class 7", () => new NetworkTraining(model, items, Quick));
        AssertRefused("none to learn from", () => new NetworkTraining(model, Stripes(model, 1), Quick));
        AssertRefused(
            "has the shape [5], but input 'image' is Float32[1,1,6,6]",
            () =>
                TrainingItems.Of(
                    model,
                    [new("x", Type(ElementType.Float32, 2, 5), new float[10]), new("y", Type(ElementType.Int64, 2), new long[2])]
                )
        );
        AssertRefused(
            "one row an item",
            () =>
                TrainingItems.Of(
                    model,
                    [new("x", Type(ElementType.Float32, 2, 1, 6, 6), new float[72]), new("y", Type(ElementType.Int64, 3), new long[3])]
                )
        );
        AssertRefused("neither classes nor", () => TrainingItems.Of(model, [new("y", Type(ElementType.Int64, 3), new long[3])]));
        AssertRefused(
            "needs a sigmoid",
            () => new NetworkTraining(model, Stripes(model, 64), Quick with { Loss = LossKind.BinaryCrossEntropy })
        );
        AssertRefused("targets are", () => new NetworkTraining(model, Stripes(model, 64), Quick with { Loss = LossKind.MeanSquaredError }));
        using var training = new NetworkTraining(model, Stripes(model, 64, labels: i => i % 2), Quick);
        Assert.Contains("No training item has the class 2", Assert.Single(training.Remarks), StringComparison.Ordinal);
        model.Freeze("*");
        AssertRefused("frozen", () => new NetworkTraining(model, Stripes(model, 64), Quick));
    }

    [TorchFact]
    public void Weights_of_an_input_that_is_always_zero_do_not_matter()
    {
        using var model = Open(Dense(sigmoid: false));
        var before = model.ToOnnx();
        var random = new Random(1);
        float[] x = [.. Enumerable.Range(0, 32 * 4).Select(i => i % 4 == 2 ? 0 : random.NextSingle())];
        long[] y = [.. Enumerable.Range(0, 32).Select(i => x[i * 4] > 0.5f ? 1L : 0)];
        var items = TrainingItems.Of(model, [new("x", Type(ElementType.Float32, 32, 4), x), new("y", Type(ElementType.Int64, 32), y)]);

        var scores = TaylorImportance.Of(model, items, LossKind.CrossEntropy, batchSize: 8)[model.Parameters[0].Name];

        Assert.Equal([false, false, false, false, true, true, false, false], scores.Select(s => s == 0));
        Assert.All(scores, s => Assert.True(s >= 0));
        Assert.Equal(before, model.ToOnnx());
    }

    private static byte[] Trained(TrainingOptions options, int? stopAfter)
    {
        var saved = Array.Empty<byte>();
        if (stopAfter is { } epochs)
        {
            using var first = Open(TrainableModels.Convolutional());
            using var begun = new NetworkTraining(first, Stripes(first, 64), options);
            using var stop = new CancellationTokenSource();
            Assert.Throws<OperationCanceledException>(() =>
                begun.Run(
                    e =>
                    {
                        if (e.Epoch == epochs)
                        {
                            saved = begun.Save();
                            stop.Cancel();
                        }
                    },
                    cancellation: stop.Token
                )
            );
        }

        using var model = Open(TrainableModels.Convolutional());
        using var training = new NetworkTraining(model, Stripes(model, 64), options);
        if (saved.Length > 0)
        {
            training.Resume(saved);
        }

        training.Run();
        return model.ToOnnx();
    }

    /// <summary>Images with a bright column, row or nothing, in noise.</summary>
    private static TrainingItems Stripes(TrainableModel model, int count, Func<int, long>? labels = null)
    {
        var random = new Random(1);
        long[] classes = [.. Enumerable.Range(0, count).Select(i => (long)(i % 3))];
        var pixels = new float[count * 36];
        for (var i = 0; i < count; i++)
        {
            var line = random.Next(6);
            for (var p = 0; p < 36; p++)
            {
                var bright = classes[i] == 0 ? p / 6 == line : classes[i] == 1 && p % 6 == line;
                pixels[(i * 36) + p] = (random.NextSingle() * 0.3f) + (bright ? 0.7f : 0);
            }
        }

        return TrainingItems.Of(
            model,
            [
                new("image", Type(ElementType.Float32, count, 1, 6, 6), pixels),
                new("labels", Type(ElementType.Int64, count), labels is null ? classes : [.. Enumerable.Range(0, count).Select(labels)]),
            ]
        );
    }

    private static OnnxModelBuilder Dense(bool sigmoid)
    {
        var model = new OnnxModelBuilder();
        var scores = model.Node(
            "Gemm",
            [
                model.SymbolicInput("x", ElementType.Float32, "batch", 4),
                model.Constant(RandomTensors.Floats(1, 4, 2)),
                model.Constant([2], 0, 0),
            ]
        );
        return model.Output(sigmoid ? model.Node("Sigmoid", [scores]) : scores, ElementType.Float32);
    }

    private static TensorType Type(ElementType element, params int[] shape) => new(element, new TensorShape(shape));

    private static TrainableModel Open(OnnxModelBuilder model) =>
        TrainableModel.Open(new ModelSource("test.onnx", model.ToBytes(), _ => null));

    private static void AssertRefused(string part, Func<object> attempt) =>
        Assert.Contains(part, Assert.Throws<TrainingException>(attempt).Message, StringComparison.Ordinal);
}
