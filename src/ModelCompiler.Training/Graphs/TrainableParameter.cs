using ModelCompiler.Graphs;
using TorchSharp.Modules;

namespace ModelCompiler.Training.Graphs;

/// <summary>A tensor of the file that training changes: a weight, or a running statistic.</summary>
public sealed class TrainableParameter : IDisposable
{
    internal TrainableParameter(TrainableInitialiser source)
    {
        Source = source;
        IsStatistic = source.Role == ParameterRole.Statistic;
        using var elements = TorchSharp.torch.tensor(source.Reals(), TorchTypes.Sizes(source.Constant.Shape));
        Tensor = new Parameter(elements.clone(), requires_grad: !IsStatistic);
        Tensor.DetachFromDisposeScope();
    }

    /// <summary>Name of the initialiser.</summary>
    public string Name => Source.Name;

    /// <summary>Its shape.</summary>
    public TensorShape Shape => Source.Constant.Shape;

    /// <summary>Whether it is a running mean or variance, which follows the batches and has no gradient.</summary>
    public bool IsStatistic { get; }

    /// <summary>Whether it stays as it is.</summary>
    public bool IsFrozen { get; private set; }

    /// <summary>Whether the file holds integers that stand for it.</summary>
    public bool IsQuantised => Source.Grid is not null;

    /// <summary>The numbers, as they are now.</summary>
    public Parameter Tensor { get; }

    internal TrainableInitialiser Source { get; }

    /// <summary>Makes it stay as it is.</summary>
    public void Freeze()
    {
        IsFrozen = true;
        Tensor.requires_grad = false;
    }

    /// <summary>A copy of the numbers.</summary>
    public float[] ToArray()
    {
        using var contiguous = Tensor.detach().contiguous();
        return contiguous.data<float>().ToArray();
    }

    /// <summary>Replaces the numbers.</summary>
    public void Set(ReadOnlySpan<float> elements)
    {
        if (elements.Length != Shape.Elements)
        {
            throw new TrainingException($"the parameter '{Name}' has {Shape.Elements} elements; {elements.Length} were given");
        }

        using var noGradient = TorchSharp.torch.no_grad();
        using var given = TorchSharp.torch.tensor(elements.ToArray(), TorchTypes.Sizes(Shape));
        Tensor.copy_(given);
    }

    /// <inheritdoc/>
    public void Dispose() => Tensor.Dispose();
}
