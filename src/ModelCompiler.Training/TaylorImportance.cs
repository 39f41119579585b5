using ModelCompiler.Training.Data;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Training.Native;
using ModelCompiler.Training.Optimisation;
using static TorchSharp.torch;

namespace ModelCompiler.Training;

/// <summary>
/// How much each weight matters: |w · dL/dw|, to first order the change of the loss if the weight were 0, as the mean over batches
/// (Molchanov et al. 2017 and 2019).
/// </summary>
public static class TaylorImportance
{
    /// <summary>Scores of all weights that are not frozen, by the name of their initialiser, in row-major order.</summary>
    /// <param name="model">The model; it is left as it is.</param>
    /// <param name="items">Items to compute the loss of.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="batchSize">Items of a batch, a multiple of the model's own.</param>
    /// <param name="maxItems">Most items to look at, spread over all.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="TrainingException">Model and items do not go together.</exception>
    public static IReadOnlyDictionary<string, float[]> Of(
        TrainableModel model,
        TrainingItems items,
        LossKind loss,
        int batchSize = 64,
        int maxItems = int.MaxValue,
        CancellationToken cancellation = default
    )
    {
        if (batchSize < 1 || batchSize % model.FileBatch != 0)
        {
            throw new TrainingException($"the batch size is {batchSize}; it must be a multiple of the model's, which is {model.FileBatch}");
        }

        Loss.Check(loss, model, items);
        var weights = model.Parameters.Where(p => !p.IsStatistic && !p.IsFrozen).ToList();
        var scores = weights.ToDictionary(p => p.Name, p => new float[p.Shape.Elements], StringComparer.Ordinal);
        model.IsTraining = false;
        var count = Math.Max(Math.Min(items.Count, maxItems) / model.FileBatch, 1) * model.FileBatch;
        if (count > items.Count)
        {
            throw new TrainingException($"there are {items.Count} items, and the model takes {model.FileBatch} at once");
        }

        var batches = Enumerable.Range(0, count).Select(i => (int)((long)i * items.Count / count)).Chunk(batchSize).ToList();
        foreach (var batch in batches)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            Forget(weights);
            var inputs = items.Inputs(batch, null);
            using var pause = CollectionPause.Begin();
            var mean = Loss.Of(loss, model.Forward(inputs), items.Targets(batch, loss));
            if (!float.IsFinite(mean.item<float>()))
            {
                throw new NoLossException("the loss of the model as it is is no number, so that it says nothing about its weights");
            }

            mean.backward();
            foreach (var weight in weights.Where(w => w.Tensor.grad is not null))
            {
                var product = (weight.Tensor.detach() * weight.Tensor.grad!).abs().contiguous().data<float>().ToArray();
                System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(product, 1f / batches.Count, scores[weight.Name], scores[weight.Name]);
            }
        }

        Forget(weights);
        return scores;
    }

    private static void Forget(List<TrainableParameter> weights)
    {
        foreach (var weight in weights.Where(w => w.Tensor.grad is not null))
        {
            weight.Tensor.grad!.zero_();
        }
    }
}
