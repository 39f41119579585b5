using System.Diagnostics;
using ModelCompiler.Compression.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ModelCompiler.Training;

/// <summary>The plain supervised loop: AdamW on cross-entropy, cosine schedule, light augmentation.</summary>
public sealed class SupervisedTraining
{
    private readonly nn.Module<Tensor, Tensor> _network;
    private readonly TrainingOptions _options;
    private readonly ImageBatches _batches;
    private readonly int[] _training;
    private readonly int[] _validation;
    private readonly Random _random;
    private readonly torch.optim.Optimizer _optimizer;

    /// <summary>Prepares to train a network.</summary>
    /// <param name="network">The network, which takes [batch, 1, height, width] and gives one score a class.</param>
    /// <param name="images">Images to learn from; some of them are held back for validation.</param>
    /// <param name="options">How to train.</param>
    public SupervisedTraining(nn.Module<Tensor, Tensor> network, ImageSet images, TrainingOptions options)
    {
        _network = network;
        _options = options;
        _batches = new ImageBatches(images, options.BatchSize);
        _random = new Random(options.Seed);
        var order = Enumerable.Range(0, images.Count).ToArray();
        _random.Shuffle(order);
        _validation = order[..options.ValidationImages];
        _training = order[options.ValidationImages..];
        _optimizer = torch.optim.AdamW(network.parameters(), options.LearningRate, weight_decay: options.WeightDecay);
    }

    /// <summary>Trains the network in place; at the end it has the weights of the best epoch and is in evaluation mode.</summary>
    /// <param name="onEpoch">Told of every epoch.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>The epoch whose weights were kept: the first of the highest validation accuracy.</returns>
    public EpochResult Run(Action<EpochResult> onEpoch, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.Epochs, 1);
        EpochResult? best = null;
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> weights = [];
        for (var epoch = 1; epoch <= _options.Epochs; epoch++)
        {
            var clock = Stopwatch.StartNew();
            var trainingLoss = TrainEpoch(epoch, cancellation);
            var (validationLoss, accuracy) = Measure(_network, _batches, _validation);
            var result = new EpochResult(epoch, trainingLoss, validationLoss, accuracy, clock.Elapsed.TotalSeconds);
            onEpoch(result);
            if (best is null || accuracy > best.ValidationAccuracy)
            {
                best = result;
                weights = _network.state_dict().ToDictionary(w => w.Key, w => w.Value.detach().clone());
            }
        }

        _network.load_state_dict(weights);
        _network.eval();
        return best!;
    }

    /// <summary>The part of the images that a network classifies rightly.</summary>
    public static double Accuracy(nn.Module<Tensor, Tensor> network, ImageSet images) =>
        Measure(network, new ImageBatches(images, 500), [.. Enumerable.Range(0, images.Count)]).Accuracy;

    private double TrainEpoch(int epoch, CancellationToken cancellation)
    {
        _network.train();
        _random.Shuffle(_training);
        var steps = (_training.Length + _options.BatchSize - 1) / _options.BatchSize;
        double loss = 0;
        var step = 0;
        foreach (var (pixels, labels) in _batches.Augmented(_training, _random))
        {
            cancellation.ThrowIfCancellationRequested();
            SetLearningRate((epoch - 1 + ((double)step++ / steps)) / _options.Epochs);
            using var scope = NewDisposeScope();
            using var input = pixels;
            using var expected = labels;
            _optimizer.zero_grad();
            var batchLoss = nn.functional.cross_entropy(_network.forward(input), expected);
            batchLoss.backward();
            _optimizer.step();
            loss += batchLoss.item<float>() * expected.shape[0];
        }

        return loss / _training.Length;
    }

    /// <summary>Rises linearly over the first epoch, then falls along a cosine.</summary>
    private void SetLearningRate(double progress)
    {
        var warmUp = Math.Min(1, progress * _options.Epochs);
        var rate = _options.LearningRate * warmUp * 0.5 * (1 + Math.Cos(Math.PI * progress));
        foreach (var group in _optimizer.ParamGroups)
        {
            group.LearningRate = rate;
        }
    }

    private static (double Loss, double Accuracy) Measure(nn.Module<Tensor, Tensor> network, ImageBatches batches, int[] which)
    {
        network.eval();
        using var noGradient = no_grad();
        double loss = 0;
        long right = 0;
        foreach (var (pixels, labels) in batches.Plain(which))
        {
            using var scope = NewDisposeScope();
            using var input = pixels;
            using var expected = labels;
            var scores = network.forward(input);
            loss += nn.functional.cross_entropy(scores, expected, reduction: nn.Reduction.Sum).item<float>();
            right += scores.argmax(1).eq(expected).sum().item<long>();
        }

        return (loss / which.Length, (double)right / which.Length);
    }
}
