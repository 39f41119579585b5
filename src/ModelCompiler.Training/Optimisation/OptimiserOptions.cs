namespace ModelCompiler.Training.Optimisation;

/// <summary>How gradients become steps.</summary>
public enum OptimiserKind
{
    /// <summary>Adam with decoupled weight decay.</summary>
    AdamW,

    /// <summary>Adam; weight decay is part of the gradient.</summary>
    Adam,

    /// <summary>Stochastic gradient descent, with momentum where that is not 0.</summary>
    Sgd,
}

/// <summary>An optimiser and its parameters.</summary>
public sealed record OptimiserOptions
{
    /// <summary>Which one.</summary>
    public OptimiserKind Kind { get; init; } = OptimiserKind.AdamW;

    /// <summary>The highest learning rate.</summary>
    public double LearningRate { get; init; } = 4e-3;

    /// <summary>Weight decay.</summary>
    public double WeightDecay { get; init; } = 1e-2;

    /// <summary>Momentum of <see cref="OptimiserKind.Sgd"/>.</summary>
    public double Momentum { get; init; }

    /// <summary>Whether momentum looks ahead, as Nesterov has it.</summary>
    public bool Nesterov { get; init; }
}
