using ModelCompiler.Compression;
using ModelCompiler.Compression.Data;
using ModelCompiler.Graphs;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Training.Optimisation;
using ModelCompiler.Verification;
using static TorchSharp.torch;

namespace ModelCompiler.Training.Data;

/// <summary>Items of a data set as batches for a network, with what it is to give for each.</summary>
public sealed class TrainingItems
{
    private readonly IReadOnlyList<ModelPort> _ports;
    private readonly IReadOnlyList<int> _axes;
    private readonly ItemInputs _inputs;

    private TrainingItems(DataItems items, IReadOnlyList<ModelPort> ports, IReadOnlyList<int> axes) =>
        (Items, _ports, _axes, _inputs) = (items, ports, axes, items.For(ports));

    /// <summary>The items themselves.</summary>
    public DataItems Items { get; }

    /// <summary>Number of items.</summary>
    public int Count => Items.Count;

    /// <summary>The class of each item; null where they have none.</summary>
    public IReadOnlyList<long>? Labels => Items.Labels;

    /// <summary>Whether something says what the network is to give for an item.</summary>
    public bool HasTargets => Labels is not null || Items.TargetType is not null;

    /// <summary>Takes items for a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="items">The items.</param>
    /// <param name="needsTargets">Whether something has to say what the model is to give for them.</param>
    /// <exception cref="TrainingException">They do not fit the model, or nothing says what it is to give for them.</exception>
    public static TrainingItems Of(TrainableModel model, DataItems items, bool needsTargets = true)
    {
        if (needsTargets && items.Labels is null && items.TargetType is null)
        {
            throw new TrainingException("the items have neither classes nor other targets, and training needs what a network is to give");
        }

        int[] axes =
        [
            .. model.Inputs.Select(i =>
                model.BatchAxis(i)
                ?? throw new TrainingException(
                    $"input '{i.Name}' is the same for all items of a batch; training needs one that counts items"
                )
            ),
        ];
        var ports = model.Inputs.Zip(axes, (i, axis) => i with { Type = i.Type with { Shape = i.Type.Shape.With(axis, 1) } });
        return Sentences(() => new TrainingItems(items, [.. ports], axes));
    }

    /// <summary>Takes rows of arrays for a model: one array an input, and one with what it is to give.</summary>
    /// <exception cref="TrainingException">They do not fit the model.</exception>
    public static TrainingItems Of(TrainableModel model, IReadOnlyList<NamedTensor> arrays) =>
        Of(model, Sentences(() => new NpzItems("the data", arrays, [.. model.Inputs.Select(i => i.Name)])));

    /// <summary>A tensor for each input of the model.</summary>
    /// <param name="which">The items, in the order of the batch.</param>
    /// <param name="augmentation">Decides how images and sounds are changed (<see cref="ItemAugmentation"/>); null leaves them as they are.</param>
    public Tensor[] Inputs(ReadOnlySpan<int> which, Random? augmentation)
    {
        var count = which.Length;
        var change = augmentation is null ? null : new ItemAugmentation(augmentation);
        var batches = _ports.Select(p => Elements.Allocate(p.Type with { Shape = new TensorShape(p.Type.Shape.Prepend(count)) })).ToList();
        for (var i = 0; i < count; i++)
        {
            var item = _inputs(which[i], change);
            foreach (var (tensor, batch) in item.Zip(batches))
            {
                Array.Copy(tensor.Elements, 0, batch, i * tensor.Elements.Length, tensor.Elements.Length);
            }
        }

        return
        [
            .. _ports.Select(
                (port, i) =>
                {
                    var shape = port.Type.Shape.Where((_, d) => d != _axes[i]).Prepend(count);
                    return TorchTypes.ToTensor(port.Type with { Shape = new TensorShape(shape) }, batches[i]).movedim([0], [_axes[i]]);
                }
            ),
        ];
    }

    /// <summary>What the network is to give for some items, in the form that a loss wants; nothing where the items have no targets.</summary>
    public Tensor Targets(ReadOnlySpan<int> which, LossKind loss)
    {
        int[] items = [.. which];
        if (Labels is { } labels)
        {
            return loss == LossKind.CrossEntropy
                ? tensor([.. items.Select(i => labels[i])], ScalarType.Int64)
                : tensor([.. items.Select(i => (float)labels[i])], [items.Length, 1]);
        }

        if (Items.TargetType is not { } type)
        {
            return empty(0);
        }

        var rows = Elements.Allocate(type with { Shape = new TensorShape(type.Shape.Prepend(items.Length)) });
        for (var i = 0; i < items.Length; i++)
        {
            Array.Copy(Items.Target(items[i]), 0, rows, i * type.Shape.Elements, type.Shape.Elements);
        }

        var targets = TorchTypes.ToTensor(type with { Shape = new TensorShape(type.Shape.Prepend(items.Length)) }, rows);
        return (targets.dim() == 1 ? targets.unsqueeze(1) : targets).to_type(ScalarType.Float32);
    }

    private static T Sentences<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (CompressionException e)
        {
            throw new TrainingException(e.Message, e);
        }
    }
}
