using static TorchSharp.torch;

namespace ModelCompiler.Training.Graphs;

/// <summary>Keeps elements of a parameter at zero.</summary>
public sealed class PruningMask : IParameterConstraint
{
    private readonly Tensor _kept;

    /// <summary>Makes a mask.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="isKept">Whether an element may be other than zero, for each in row-major order.</param>
    public PruningMask(TrainableParameter parameter, ReadOnlySpan<bool> isKept)
    {
        if (isKept.Length != parameter.Shape.Elements)
        {
            throw new TrainingException(
                $"the mask of '{parameter.Name}' has {isKept.Length} elements; the parameter has {parameter.Shape.Elements}"
            );
        }

        Parameter = parameter.Name;
        using var kept = tensor(isKept.ToArray(), TorchTypes.Sizes(parameter.Shape));
        _kept = kept.to_type(ScalarType.Float32).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public string Parameter { get; }

    /// <summary>The mask that keeps the zeros which a parameter has now.</summary>
    public static PruningMask OfZeros(TrainableParameter parameter) => new(parameter, [.. parameter.ToArray().Select(v => v != 0)]);

    /// <summary>Keeps the zeros in all weights of two or more dimensions that are trained.</summary>
    /// <returns>How many tensors have any.</returns>
    public static int KeepZeros(TrainableModel model)
    {
        var sparse = model.Parameters.Where(p => !p.IsFrozen && !p.IsStatistic && p.Shape.Rank > 1 && p.ToArray().Contains(0)).ToList();
        sparse.ForEach(p => model.Constraints.Add(OfZeros(p)));
        return sparse.Count;
    }

    /// <inheritdoc/>
    public void ApplyToGradient(Tensor gradient) => gradient.mul_(_kept);

    /// <inheritdoc/>
    public void ApplyToValues(Tensor values) => values.mul_(_kept);

    /// <inheritdoc/>
    public void Dispose() => _kept.Dispose();
}
