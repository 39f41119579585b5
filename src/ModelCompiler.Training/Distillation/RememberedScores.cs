using ModelCompiler.Training.Data;
using ModelCompiler.Training.Native;
using static TorchSharp.torch;

namespace ModelCompiler.Training.Distillation;

/// <summary>What teachers give for all items of a training, kept from epoch to epoch.</summary>
internal sealed class RememberedScores : IDisposable
{
    private const int ItemsAtOnce = 500;

    // 256 MB of floats. Teachers that give more, such as those of whole pictures, are asked again in each epoch.
    private const long MostElements = 64 << 20;

    private readonly IReadOnlyList<Tensor> _scores;

    private RememberedScores(TrainingItems items, IReadOnlyList<Tensor> scores) => (Items, _scores) = (items, scores);

    /// <summary>The items.</summary>
    public TrainingItems Items { get; }

    /// <summary>
    /// Asks the teachers. That the items are taken in their order, and not in that of an epoch, makes the scores the same to the bit in a
    /// training that was resumed.
    /// </summary>
    /// <param name="items">The items.</param>
    /// <param name="multiple">Items of a batch are a multiple of this.</param>
    /// <param name="scores">Gives the scores of each teacher for the inputs of a batch.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>Null where the scores are too many to be kept.</returns>
    public static RememberedScores? Of(
        TrainingItems items,
        int multiple,
        Func<IReadOnlyList<Tensor>, IReadOnlyList<Tensor>> scores,
        CancellationToken cancellation
    )
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var size = Math.Max(Math.Min(ItemsAtOnce, items.Count) / multiple, 1) * multiple;
        List<IReadOnlyList<Tensor>> parts = [];
        for (var start = 0; start < items.Count; start += size)
        {
            cancellation.ThrowIfCancellationRequested();
            using var batch = NewDisposeScope();
            // Behind the last item of a batch that would not be whole comes the first again.
            var which = Enumerable.Range(start, size).Select(i => i % items.Count).ToArray();
            var inputs = items.Inputs(which, null);
            using var pause = CollectionPause.Begin();
            parts.Add([.. scores(inputs).Select(s => s.MoveToOuterDisposeScope())]);
            if (parts[0].Sum(s => s.numel()) / size * items.Count > MostElements)
            {
                return null;
            }
        }

        var all = parts[0].Select((_, t) => cat([.. parts.Select(p => p[t])], 0).narrow(0, 0, items.Count).DetachFromDisposeScope());
        return new(items, [.. all]);
    }

    /// <summary>The scores of each teacher for some items.</summary>
    public IReadOnlyList<Tensor> Of(IReadOnlyList<int> which)
    {
        using var places = tensor(which.Select(i => (long)i).ToArray());
        return [.. _scores.Select(s => s.index_select(0, places))];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _scores)
        {
            tensor.Dispose();
        }
    }
}
