namespace ModelCompiler.Training.Pruning;

/// <summary>A step of pruning with the training behind it.</summary>
/// <param name="Step">Its number, from 1.</param>
/// <param name="Share">The share that is pruned after it.</param>
/// <param name="FirstEpoch">Number of its first epoch, counted over all steps.</param>
/// <param name="Epochs">How many epochs it has.</param>
/// <param name="BestEpoch">The epoch whose weights were kept, counted over all steps.</param>
/// <param name="ValidationLoss">Mean loss after that epoch on the items held back.</param>
/// <param name="ValidationAccuracy">Part of them that is right; null for losses of which that cannot be said.</param>
/// <param name="Stopped">Why the training ended before its last epoch; null where it did not.</param>
public sealed record PruningStep(
    int Step,
    double Share,
    int FirstEpoch,
    int Epochs,
    int BestEpoch,
    double ValidationLoss,
    double? ValidationAccuracy,
    string? Stopped
);

/// <summary>What pruning in steps came to.</summary>
/// <param name="Model">Content of the ONNX file.</param>
/// <param name="Steps">The steps.</param>
/// <param name="Epochs">The epochs of all of them, numbered through.</param>
/// <param name="Stopped">Why it ended before its last step, as a sentence; null where it did not.</param>
public sealed record PruningHistory(byte[] Model, IReadOnlyList<PruningStep> Steps, IReadOnlyList<EpochResult> Epochs, string? Stopped);
