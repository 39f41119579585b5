using ModelCompiler.Graphs;
using static TorchSharp.torch;

namespace ModelCompiler.Training.Graphs;

/// <summary>
/// Makes sure that a batch of two is two batches of one: shapes that were rewritten for it, and networks that mix the items of a batch,
/// would learn nonsense without a word.
/// </summary>
internal static class BatchCheck
{
    /// <summary>Mean difference, as a part of the largest output.</summary>
    private const double Tolerance = 1e-3;

    public static void Run(TrainableModel model)
    {
        // Sums in another order would be rounded to other integers here and there, and deep networks make much of that.
        model.Rounds = false;
        try
        {
            Compare(model);
        }
        finally
        {
            model.Rounds = true;
        }
    }

    private static void Compare(TrainableModel model)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var generator = new Random(1);
        var items = Enumerable.Range(0, 2).Select(_ => model.Inputs.Select(i => RandomInput(i.Type, generator)).ToList()).ToList();
        // What all items of a batch share is the same for both.
        for (var i = 0; i < model.Inputs.Count; i++)
        {
            items[1][i] = model.BatchAxis(model.Inputs[i]) is null ? items[0][i] : items[1][i];
        }

        var alone = items.Select(i => model.Forward(i).Outputs).ToList();
        var both = items[0].Select((a, i) => model.BatchAxis(model.Inputs[i]) is { } axis ? cat([a, items[1][i]], axis) : a);
        var together = model.Forward([.. both]).Outputs;
        for (var i = 0; i < together.Count; i++)
        {
            var name = model.Outputs[i].Name;
            var expected = Joined(alone[0][i], alone[1][i], together[i].shape);
            if (!expected.shape.SequenceEqual(together[i].shape))
            {
                throw new TrainingException(
                    $"the model cannot be trained with batches: for twice the items, output '{name}' has the shape [{string.Join(",", together[i].shape)}] instead of [{string.Join(",", expected.shape)}]"
                );
            }

            if (expected.is_floating_point() && expected.numel() > 0 && Differs(expected, together[i]))
            {
                throw new TrainingException(
                    $"the model cannot be trained with batches: output '{name}' of an item depends on the other items of its batch"
                );
            }
        }
    }

    /// <summary>The outputs of both items, along the dimension that has grown.</summary>
    private static Tensor Joined(Tensor first, Tensor second, long[] together)
    {
        var grown = first.shape.Zip(together).ToList().FindIndex(s => s.First != s.Second);
        return first.dim() > 0 ? cat([first, second], Math.Max(grown, 0)) : first;
    }

    private static bool Differs(Tensor expected, Tensor actual)
    {
        var scale = expected.abs().max().to_type(ScalarType.Float64).item<double>();
        var mean = (expected - actual).abs().mean().to_type(ScalarType.Float64).item<double>();
        return double.IsFinite(scale) && !(mean <= (Tolerance * scale) + 1e-6);
    }

    /// <summary>Floats of 0 to 1; integers that are small enough for any table that they may look up.</summary>
    private static Tensor RandomInput(TensorType type, Random generator)
    {
        var sizes = TorchTypes.Sizes(type.Shape);
        if (!TorchTypes.Of(type.Element).Equals(ScalarType.Float32))
        {
            return tensor(Enumerable.Range(0, type.Shape.Elements).Select(_ => generator.NextInt64(2)).ToArray(), sizes)
                .to_type(TorchTypes.Of(type.Element));
        }

        return tensor(Enumerable.Range(0, type.Shape.Elements).Select(_ => generator.NextSingle()).ToArray(), sizes);
    }
}
