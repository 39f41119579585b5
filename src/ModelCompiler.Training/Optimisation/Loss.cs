using ModelCompiler.Training.Data;
using ModelCompiler.Training.Graphs;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ModelCompiler.Training.Optimisation;

/// <summary>What is minimised.</summary>
public enum LossKind
{
    /// <summary>Cross-entropy of the classes.</summary>
    CrossEntropy,

    /// <summary>Mean squared error.</summary>
    MeanSquaredError,

    /// <summary>Cross-entropy of each output for itself, 0 or 1.</summary>
    BinaryCrossEntropy,
}

/// <summary>Losses, computed before the network's last softmax or sigmoid where it has one.</summary>
internal static class Loss
{
    /// <summary>The mean loss over a batch.</summary>
    public static Tensor Of(LossKind kind, NetworkOutputs outputs, Tensor targets) =>
        kind switch
        {
            LossKind.CrossEntropy => functional.cross_entropy(Scores(outputs), targets),
            LossKind.BinaryCrossEntropy => functional.binary_cross_entropy_with_logits(outputs.Scores, targets),
            _ => functional.mse_loss(outputs.Outputs[0], targets),
        };

    /// <summary>How many items, or parts of items, are right; null where that has no meaning.</summary>
    public static double? Right(LossKind kind, NetworkOutputs outputs, Tensor targets) =>
        kind switch
        {
            LossKind.CrossEntropy => Scores(outputs).argmax(1).eq(targets).sum().item<long>(),
            LossKind.BinaryCrossEntropy => (outputs.Scores > 0).eq(targets > 0.5).to_type(ScalarType.Float64).mean().item<double>()
                * targets.shape[0],
            _ => null,
        };

    /// <summary>Checks, on a few items, that the loss fits network and data.</summary>
    /// <exception cref="TrainingException">It does not.</exception>
    public static void Check(LossKind kind, TrainableModel model, TrainingItems items)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        int[] first = [.. Enumerable.Range(0, model.FileBatch)];
        var outputs = model.Forward(items.Inputs(first, null));
        switch (kind)
        {
            case LossKind.CrossEntropy:
                CheckClasses(outputs, items);
                break;
            case LossKind.BinaryCrossEntropy when outputs.Function == FinalFunction.Softmax:
                throw new TrainingException("the network ends with a softmax; binary cross-entropy needs a sigmoid, or nothing");
            default:
                var (output, target) = (outputs.Outputs[0].shape, items.Targets(first, kind).shape);
                if (!output.SequenceEqual(target))
                {
                    throw new TrainingException(
                        $"the network's first output is [{string.Join(",", output)}], but the targets are [{string.Join(",", target)}]"
                    );
                }

                break;
        }
    }

    private static void CheckClasses(NetworkOutputs outputs, TrainingItems items)
    {
        if (outputs.Function == FinalFunction.Sigmoid)
        {
            throw new TrainingException("the network ends with a sigmoid; cross-entropy needs a softmax, or nothing");
        }

        if (items.Labels is not { } labels)
        {
            throw new TrainingException("cross-entropy needs the class of each item, as one integer");
        }

        var scores = outputs.Scores.shape;
        if (scores.Length < 2 || scores.Skip(2).Any(s => s != 1))
        {
            throw new TrainingException($"cross-entropy needs one score a class; the network gives [{string.Join(",", scores)}]");
        }

        if (labels.Where(l => l < 0 || l >= scores[1]).Distinct().Order().ToList() is { Count: > 0 } wrong)
        {
            throw new TrainingException(
                $"the network tells {scores[1]} classes apart, 0 to {scores[1] - 1}, but the data have the class {string.Join(", ", wrong.Take(5))}"
            );
        }
    }

    /// <summary>The score of each class, a row an item.</summary>
    public static Tensor Scores(NetworkOutputs outputs) => outputs.Scores.dim() > 2 ? outputs.Scores.flatten(1) : outputs.Scores;
}
