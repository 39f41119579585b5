namespace ModelCompiler.Training;

/// <summary>How a network is trained.</summary>
public sealed record TrainingOptions
{
    /// <summary>Passes over the training images.</summary>
    public int Epochs { get; init; } = 15;

    /// <summary>Determines weights, split, order and augmentation.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Images of a batch.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>Learning rate of AdamW: a linear rise over the first epoch, under a cosine that ends at 0.</summary>
    public double LearningRate { get; init; } = 4e-3;

    /// <summary>Decoupled weight decay.</summary>
    public double WeightDecay { get; init; } = 1e-2;

    /// <summary>Training images that are held back to choose the epoch.</summary>
    public int ValidationImages { get; init; } = 5000;

    /// <summary>Threads of libtorch; 0 leaves it to libtorch. Their number changes the order of sums, and with it the network.</summary>
    public int Threads { get; init; }
}

/// <summary>What an epoch came to.</summary>
/// <param name="Epoch">Number, from 1.</param>
/// <param name="TrainingLoss">Mean cross-entropy over the augmented training images while the weights moved.</param>
/// <param name="ValidationLoss">Mean cross-entropy over the validation images.</param>
/// <param name="ValidationAccuracy">Part of the validation images that are classified rightly.</param>
/// <param name="Seconds">Time taken.</param>
public sealed record EpochResult(int Epoch, double TrainingLoss, double ValidationLoss, double ValidationAccuracy, double Seconds);
