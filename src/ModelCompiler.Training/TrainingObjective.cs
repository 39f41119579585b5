using ModelCompiler.Training.Graphs;

namespace ModelCompiler.Training;

/// <summary>What a training minimises in place of the loss against the targets alone.</summary>
public abstract class TrainingObjective
{
    /// <summary>The mean over a batch, a single number that gradients flow from.</summary>
    /// <param name="outputs">What the network gives for the batch.</param>
    /// <param name="inputs">The inputs that it was given.</param>
    /// <param name="targets">What the data want it to give, in the form of the training's loss.</param>
    /// <exception cref="TrainingException">It cannot be computed; the message says why.</exception>
    public abstract Tensor Of(NetworkOutputs outputs, IReadOnlyList<Tensor> inputs, Tensor targets);

    /// <summary>Whether it looks at the targets. Where it does not, they do not choose the epoch either: the loss does.</summary>
    public virtual bool UsesTargets => true;

    /// <summary>What is trained beside the network, and forgotten afterwards.</summary>
    protected internal virtual IReadOnlyList<TrainableParameter> Parameters => [];

    /// <summary>What two objectives must have in common for one training to go on where another stopped.</summary>
    protected internal abstract string Key { get; }
}
