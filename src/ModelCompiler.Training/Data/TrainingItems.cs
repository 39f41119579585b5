using ModelCompiler.Training.Optimisation;

namespace ModelCompiler.Training.Data;

/// <summary>Items to learn from, with what the network is to give for each.</summary>
public abstract class TrainingItems
{
    /// <summary>Number of items.</summary>
    public abstract int Count { get; }

    /// <summary>The class of each item; null where they have none.</summary>
    public abstract IReadOnlyList<long>? Labels { get; }

    /// <summary>A tensor for each input of the model.</summary>
    /// <param name="which">The items, in the order of the batch.</param>
    /// <param name="augmentation">Changes the items at random; null leaves them as they are.</param>
    public abstract Tensor[] Inputs(ReadOnlySpan<int> which, Random? augmentation);

    /// <summary>What the network is to give for some items, in the form that a loss wants.</summary>
    public abstract Tensor Targets(ReadOnlySpan<int> which, LossKind loss);
}
