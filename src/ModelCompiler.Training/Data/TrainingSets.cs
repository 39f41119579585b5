using ModelCompiler.Compression.Data;
using ModelCompiler.Training.Graphs;

namespace ModelCompiler.Training.Data;

/// <summary>The items of a data set: those to learn from, and those to measure with, where there are any.</summary>
/// <param name="Training">To learn from.</param>
/// <param name="Test">To measure with at the end; null where there are none.</param>
public sealed record TrainingSets(TrainingItems Training, TrainingItems? Test)
{
    /// <summary>Takes a data set for a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="set">The data set.</param>
    /// <param name="needsTargets">Whether something has to say what the model is to give for the items.</param>
    /// <exception cref="TrainingException">The data do not fit the model.</exception>
    /// <exception cref="Compression.CompressionException">The data are not what they have to be.</exception>
    public static TrainingSets Of(TrainableModel model, DataSet set, bool needsTargets = true) =>
        new(TrainingItems.Of(model, set.Training, needsTargets), set.Test is { } test ? TrainingItems.Of(model, test, needsTargets) : null);
}
