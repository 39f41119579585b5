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
    /// <summary>Items whose targets are looked at at once.</summary>
    private const int CheckedItems = 500;

    /// <summary>The mean loss over a batch.</summary>
    public static Tensor Of(LossKind kind, NetworkOutputs outputs, Tensor targets) =>
        kind switch
        {
            LossKind.CrossEntropy => functional.cross_entropy(Scores(outputs), ClassesOf(targets, Scores(outputs))),
            LossKind.BinaryCrossEntropy => functional.binary_cross_entropy_with_logits(outputs.Scores, InShapeOf(outputs.Scores, targets)),
            _ => functional.mse_loss(outputs.Outputs[0], InShapeOf(outputs.Outputs[0], targets)),
        };

    /// <summary>How many items, or parts of items, are right; null where that has no meaning.</summary>
    public static double? Right(LossKind kind, NetworkOutputs outputs, Tensor targets) =>
        kind switch
        {
            LossKind.CrossEntropy => RightOf(Scores(outputs).argmax(1), ClassesOf(targets, Scores(outputs))),
            LossKind.BinaryCrossEntropy => RightOf(outputs.Scores > 0, InShapeOf(outputs.Scores, targets) > 0.5),
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
                if (!items.HasTargets)
                {
                    break;
                }

                var output = outputs.Outputs[0].shape;
                var target = InShapeOf(outputs.Outputs[0], items.Targets(first, kind)).shape;
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

        var scores = Scores(outputs).shape;
        if (scores.Length < 2 || (scores.Length > 2 && outputs.ClassAxis != 1))
        {
            throw new TrainingException($"cross-entropy needs one score a class; the network gives [{string.Join(",", scores)}]");
        }

        if (!items.HasTargets)
        {
            return;
        }

        if (scores.Length > 2)
        {
            CheckMaps(scores, items);
            return;
        }

        if (items.Labels is not { } labels)
        {
            throw new TrainingException("cross-entropy needs the class of each item, as one integer");
        }

        CheckRange(scores[1], labels);
    }

    /// <summary>Targets that have a class at every place; reads all of them, because an index out of range would end the process.</summary>
    private static void CheckMaps(long[] scores, TrainingItems items)
    {
        var places = scores.Skip(2).Aggregate(1L, (product, size) => product * size);
        foreach (var chunk in Enumerable.Range(0, items.Count).Chunk(CheckedItems))
        {
            using var scope = NewDisposeScope();
            var numbers = items.Targets(chunk, LossKind.CrossEntropy);
            var classes = numbers.to_type(ScalarType.Int64);
            if (classes.numel() != places * chunk.Length)
            {
                throw new TrainingException(
                    $"the network gives {scores[1]} scores at each of {string.Join("×", scores.Skip(2))} places; cross-entropy needs a class for each place, but the targets of an item have {numbers.numel() / chunk.Length} elements"
                );
            }

            if (!classes.eq(numbers).all().item<bool>())
            {
                throw new TrainingException("cross-entropy needs the class at each place, as an integer; the targets have other numbers");
            }

            CheckRange(scores[1], [classes.min().item<long>(), classes.max().item<long>()]);
        }
    }

    private static void CheckRange(long classes, IEnumerable<long> labels)
    {
        if (labels.Where(l => l < 0 || l >= classes).Distinct().Order().ToList() is { Count: > 0 } wrong)
        {
            throw new TrainingException(
                $"the network tells {classes} classes apart, 0 to {classes - 1}, but the data have the class {string.Join(", ", wrong.Take(5))}"
            );
        }
    }

    /// <summary>The score of each class: a row an item, or, where there is one at every place, [items, classes, places…].</summary>
    public static Tensor Scores(NetworkOutputs outputs) =>
        outputs.Scores.dim() > 2 && outputs.Scores.shape.Skip(2).All(s => s == 1) ? outputs.Scores.flatten(1) : outputs.Scores;

    /// <summary>The classes in the form of the scores, without the dimension of the classes.</summary>
    private static Tensor ClassesOf(Tensor targets, Tensor scores) =>
        targets.reshape([.. scores.shape.Where((_, axis) => axis != 1)]).to_type(ScalarType.Int64);

    /// <summary>The targets in the shape of the outputs, where nothing but sizes of 1 keeps them apart.</summary>
    private static Tensor InShapeOf(Tensor outputs, Tensor targets) =>
        outputs.shape.Where(s => s != 1).SequenceEqual(targets.shape.Where(s => s != 1)) ? targets.reshape(outputs.shape) : targets;

    /// <summary>The part of each item that is right, summed over the items.</summary>
    private static double RightOf(Tensor given, Tensor wanted) =>
        given.eq(wanted).to_type(ScalarType.Float64).reshape(given.shape[0], -1).mean([1]).sum().item<double>();
}
