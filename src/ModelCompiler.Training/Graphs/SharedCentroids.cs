using static TorchSharp.torch;

namespace ModelCompiler.Training.Graphs;

/// <summary>
/// Keeps elements of a parameter equal that share a centroid. Each gets the sum of their gradients, so that the step is that of the
/// centroid.
/// </summary>
public sealed class SharedCentroids : IParameterConstraint
{
    private readonly Tensor _indices;
    private readonly Tensor _counts;
    private readonly Tensor? _isZero;
    private readonly int _centroids;

    /// <summary>Ties elements to centroids.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="indices">The centroid of each element in row-major order, from 0.</param>
    /// <param name="zero">The centroid that stays zero; null for none.</param>
    public SharedCentroids(TrainableParameter parameter, ReadOnlySpan<int> indices, int? zero = null)
    {
        long[] longs = [.. indices.ToArray().Select(i => (long)i)];
        if (longs.Length != parameter.Shape.Elements || longs.Any(i => i < 0 || i >= longs.Length))
        {
            throw new TrainingException(
                $"the centroids of '{parameter.Name}' need {parameter.Shape.Elements} indices, each from 0 to {parameter.Shape.Elements - 1}"
            );
        }

        Parameter = parameter.Name;
        _centroids = longs.Length == 0 ? 0 : (int)longs.Max() + 1;
        using var scope = NewDisposeScope();
        _indices = tensor(longs).DetachFromDisposeScope();
        _counts = Sums(ones(longs.Length)).clamp(min: 1).DetachFromDisposeScope();
        _isZero = zero is { } z ? _indices.eq(z).reshape(TorchTypes.Sizes(parameter.Shape)).DetachFromDisposeScope() : null;
    }

    /// <inheritdoc/>
    public string Parameter { get; }

    /// <summary>The ties between the elements of a parameter that are equal now; zero stays zero.</summary>
    public static SharedCentroids OfEqualValues(TrainableParameter parameter)
    {
        var values = parameter.ToArray();
        var order = values.Distinct().Order().Select((v, i) => (v, i)).ToDictionary(p => p.v, p => p.i);
        return new(parameter, [.. values.Select(v => order[v])], order.TryGetValue(0, out var zero) ? zero : null);
    }

    /// <inheritdoc/>
    public void ApplyToGradient(Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var sums = Sums(gradient.reshape(-1));
        gradient.copy_(Spread(sums, gradient));
    }

    /// <inheritdoc/>
    public void ApplyToValues(Tensor values)
    {
        using var scope = NewDisposeScope();
        values.copy_(Spread(Sums(values.reshape(-1)) / _counts, values));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _indices.Dispose();
        _counts.Dispose();
        _isZero?.Dispose();
    }

    // In double, so that the mean of equal numbers is that number.
    private Tensor Sums(Tensor elements) =>
        zeros(_centroids, ScalarType.Float64).scatter_add(0, _indices, elements.to_type(ScalarType.Float64));

    private Tensor Spread(Tensor centroids, Tensor like)
    {
        var spread = centroids.index_select(0, _indices).reshape(like.shape).to_type(ScalarType.Float32);
        return _isZero is null ? spread : spread.masked_fill(_isZero, 0);
    }
}
