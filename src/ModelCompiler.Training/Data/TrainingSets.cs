using ModelCompiler.Compression.Data;
using ModelCompiler.Training.Graphs;

namespace ModelCompiler.Training.Data;

/// <summary>The items of a data set: those to learn from, and those to measure with, where there are any.</summary>
/// <param name="Training">To learn from.</param>
/// <param name="Test">To measure with at the end; null where there are none.</param>
public sealed record TrainingSets(TrainingItems Training, TrainingItems? Test)
{
    /// <summary>Takes a data set for a model.</summary>
    /// <exception cref="TrainingException">The data do not fit the model.</exception>
    /// <exception cref="Compression.CompressionException">The data are not what they have to be.</exception>
    public static TrainingSets Of(TrainableModel model, DataSet set) =>
        new(TrainingItems.Of(model, set.Training), set.Test is { } test ? TrainingItems.Of(model, test) : null);
}
