using ModelCompiler.Training.Data;
using ModelCompiler.Training.Graphs;

namespace ModelCompiler.Training;

/// <summary>What a network is given, and is to give for it.</summary>
/// <param name="Items">What the batch is from.</param>
/// <param name="Which">The numbers of its items.</param>
/// <param name="AreChanged">Whether they were changed at random.</param>
/// <param name="Inputs">The network's inputs.</param>
/// <param name="Targets">What the data want it to give, in the form of the training's loss.</param>
public sealed record TrainingBatch(
    TrainingItems Items,
    IReadOnlyList<int> Which,
    bool AreChanged,
    IReadOnlyList<Tensor> Inputs,
    Tensor Targets
);

/// <summary>What a training minimises in place of the loss against the targets alone.</summary>
public abstract class TrainingObjective
{
    /// <summary>The mean over a batch, a single number that gradients flow from.</summary>
    /// <param name="outputs">What the network gives for the batch.</param>
    /// <param name="batch">What it was given.</param>
    /// <exception cref="TrainingException">It cannot be computed; the message says why.</exception>
    public abstract Tensor Of(NetworkOutputs outputs, TrainingBatch batch);

    /// <summary>Told before the first epoch that every epoch will have the same items, unchanged.</summary>
    /// <param name="items">The training's items.</param>
    /// <param name="cancellation">Stops.</param>
    protected internal virtual void Prepare(TrainingItems items, CancellationToken cancellation) { }

    /// <summary>Whether it looks at the targets. Where it does not, they do not choose the epoch either: the loss does.</summary>
    public virtual bool UsesTargets => true;

    /// <summary>What is trained beside the network, and forgotten afterwards.</summary>
    protected internal virtual IReadOnlyList<TrainableParameter> Parameters => [];

    /// <summary>What two objectives must have in common for one training to go on where another stopped.</summary>
    protected internal abstract string Key { get; }
}
