using ModelCompiler.Training.Data;
using ModelCompiler.Training.Graphs;

namespace ModelCompiler.Training;

/// <summary>Which items are learnt from, and which are held back to choose the epoch; both the same for the same seed.</summary>
internal sealed record ItemSplit(int[] Training, int[] Validation)
{
    /// <summary>Splits the items of a data set.</summary>
    /// <exception cref="TrainingException">There are too few.</exception>
    public static ItemSplit Of(TrainingItems items, TrainableModel model, TrainingOptions options)
    {
        var (multiple, random) = (model.FileBatch, new Random(options.Seed));
        var order = Enumerable.Range(0, items.Count).ToArray();
        random.Shuffle(order);
        var validation = Math.Max((int)Math.Round(items.Count * options.ValidationPart), multiple) / multiple * multiple;
        if (items.Count - validation < multiple)
        {
            throw new TrainingException(
                $"there are {items.Count} items, of which {validation} are held back to choose the epoch; that leaves none to learn from"
            );
        }

        return new(order[validation..], order[..validation]);
    }

    /// <summary>Classes that the network tells apart but that no training item has.</summary>
    public static IEnumerable<long> EmptyClasses(IReadOnlyList<long> labels, IEnumerable<int> training, long classes)
    {
        var present = training.Select(i => labels[i]).ToHashSet();
        return Enumerable.Range(0, (int)classes).Select(c => (long)c).Where(c => !present.Contains(c));
    }
}
