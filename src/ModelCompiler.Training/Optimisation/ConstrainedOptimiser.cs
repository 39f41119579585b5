using ModelCompiler.Training.Graphs;
using TorchSharp;
using TorchSharp.Modules;

namespace ModelCompiler.Training.Optimisation;

/// <summary>An optimiser of a model's parameters, around whose steps the model's constraints are applied.</summary>
public sealed class ConstrainedOptimiser : IDisposable
{
    private readonly TrainableModel _model;
    private readonly OptimizerHelper _optimiser;
    private readonly double _rate;

    /// <summary>Makes an optimiser of all weights that are not frozen, and brings these into the form that the constraints want.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">How gradients become steps.</param>
    /// <param name="beside">Weights that are trained beside those of the model.</param>
    /// <exception cref="TrainingException">All weights are frozen, or a constraint is of a parameter that the model does not have.</exception>
    public ConstrainedOptimiser(TrainableModel model, OptimiserOptions options, params IEnumerable<TrainableParameter> beside)
    {
        var weights = model.Parameters.Where(p => !p.IsStatistic && !p.IsFrozen).Select(p => p.Tensor).ToList();
        if (weights.Count == 0)
        {
            throw new TrainingException("all parameters are frozen: there is nothing to train");
        }

        weights.AddRange(beside.Select(p => p.Tensor));
        (_model, _rate) = (model, options.LearningRate);
        _optimiser = options.Kind switch
        {
            OptimiserKind.Adam => torch.optim.Adam(weights, _rate, weight_decay: options.WeightDecay),
            OptimiserKind.Sgd => torch.optim.SGD(
                weights,
                _rate,
                options.Momentum,
                weight_decay: options.WeightDecay,
                nesterov: options.Nesterov
            ),
            _ => torch.optim.AdamW(weights, _rate, weight_decay: options.WeightDecay),
        };
        ConstrainValues();
    }

    /// <summary>Sets the learning rate.</summary>
    /// <param name="factor">The rate as a part of the highest.</param>
    public void SetRate(double factor)
    {
        foreach (var group in _optimiser.ParamGroups)
        {
            group.LearningRate = _rate * factor;
        }
    }

    /// <summary>Forgets the gradients.</summary>
    public void ZeroGradients() => _optimiser.zero_grad();

    /// <summary>Changes the weights by their gradients.</summary>
    public void Step()
    {
        using (torch.no_grad())
        {
            foreach (var constraint in _model.Constraints)
            {
                if (Constrained(constraint).Tensor.grad is { } gradient)
                {
                    constraint.ApplyToGradient(gradient);
                }
            }
        }

        _optimiser.step();
        ConstrainValues();
    }

    /// <summary>What the optimiser remembers of past steps.</summary>
    public byte[] SaveState()
    {
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream))
        {
            _optimiser.save_state_dict(writer);
        }

        return stream.ToArray();
    }

    /// <summary>Puts back what <see cref="SaveState"/> gave.</summary>
    public void LoadState(byte[] state)
    {
        using var reader = new BinaryReader(new MemoryStream(state));
        _optimiser.load_state_dict(reader);
    }

    /// <inheritdoc/>
    public void Dispose() => _optimiser.Dispose();

    private void ConstrainValues()
    {
        using var noGradient = torch.no_grad();
        foreach (var constraint in _model.Constraints)
        {
            constraint.ApplyToValues(Constrained(constraint).Tensor);
        }
    }

    private TrainableParameter Constrained(IParameterConstraint constraint) =>
        _model.Parameters.FirstOrDefault(p => p.Name == constraint.Parameter)
        ?? throw new TrainingException($"the model has no parameter '{constraint.Parameter}' to constrain");
}
