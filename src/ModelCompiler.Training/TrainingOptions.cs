using ModelCompiler.Training.Optimisation;

namespace ModelCompiler.Training;

/// <summary>How a network is trained.</summary>
public sealed record TrainingOptions
{
    /// <summary>Most passes over the training items.</summary>
    public int Epochs { get; init; } = 15;

    /// <summary>Determines split, order and augmentation, and the weights of a new network.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Items of a batch.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>What is minimised.</summary>
    public LossKind Loss { get; init; } = LossKind.CrossEntropy;

    /// <summary>How gradients become steps.</summary>
    public OptimiserOptions Optimiser { get; init; } = new();

    /// <summary>The learning rate over the epochs.</summary>
    public LearningRateSchedule Schedule { get; init; } = new();

    /// <summary>Part of the items that is held back to choose the epoch.</summary>
    public double ValidationPart { get; init; } = Compression.Data.ItemSplit.DefaultPart;

    /// <summary>Epochs without improvement after which training stops; 0 for never.</summary>
    public int Patience { get; init; }

    /// <summary>Whether items are changed at random, where their kind can be.</summary>
    public bool Augments { get; init; }

    /// <summary>Threads of libtorch; 0 leaves it to libtorch. Their number changes the order of sums, and with it the network.</summary>
    public int Threads { get; init; }
}

/// <summary>What an epoch came to.</summary>
/// <param name="Epoch">Number, from 1.</param>
/// <param name="TrainingLoss">Mean loss over the training items while the weights moved.</param>
/// <param name="ValidationLoss">Mean loss over the validation items.</param>
/// <param name="ValidationAccuracy">Part of the validation items that are right; null for losses of which that cannot be said.</param>
/// <param name="Seconds">Time taken.</param>
public sealed record EpochResult(int Epoch, double TrainingLoss, double ValidationLoss, double? ValidationAccuracy, double Seconds)
{
    /// <summary>Whether this is a better epoch than another: by accuracy where there is one, and where that is equal, or there is none, by loss.</summary>
    public bool IsBetterThan(EpochResult? other) =>
        other is null
        || ValidationAccuracy > other.ValidationAccuracy
        || (ValidationAccuracy == other.ValidationAccuracy && ValidationLoss < other.ValidationLoss);
}

/// <summary>What a training came to.</summary>
/// <param name="Epochs">All epochs, with those before a checkpoint.</param>
/// <param name="Best">The one whose weights were kept: the first of the best.</param>
/// <param name="Stopped">Why it ended before its last epoch, as a sentence; null where it did not.</param>
public sealed record TrainingHistory(IReadOnlyList<EpochResult> Epochs, EpochResult Best, string? Stopped);

/// <summary>How a network does on some items.</summary>
/// <param name="Loss">Mean loss.</param>
/// <param name="Accuracy">Part that is right; null for losses of which that cannot be said.</param>
public sealed record Measurement(double Loss, double? Accuracy);
