using System.Globalization;
using ModelCompiler.Compression.Data;
using ModelCompiler.Graphs;
using ModelCompiler.Training.Architectures;

namespace ModelCompiler.Cli;

/// <summary>What a new network has to take and give for a data set.</summary>
/// <param name="Item">Shape of one item.</param>
/// <param name="Outputs">Number of classes; 1 where it learns to give the item.</param>
internal sealed record NetworkEnds(TensorShape Item, int Outputs)
{
    private const int MostClasses = 100_000;

    /// <summary>Looks at the items to learn from.</summary>
    /// <param name="path">Where they are, for messages.</param>
    /// <param name="items">The items.</param>
    /// <param name="learns">What the network is to give.</param>
    /// <exception cref="CommandException">Nothing can be learnt from them.</exception>
    public static NetworkEnds Of(string path, DataItems items, Learns learns) =>
        items.Count == 0
            ? throw new CommandException($"{path}: there are no items to learn from")
            : new(items.Shape, learns == Learns.Items ? 1 : Classes(path, items, learns));

    /// <summary>As many as integers name, or as floats have channels. Maps of integers up to 1 are of one thing, which is there or not.</summary>
    private static int Classes(string path, DataItems items, Learns learns)
    {
        if (items.Labels is not null)
        {
            return Checked(items.Classes);
        }

        if (items.TargetType is not { } targets)
        {
            throw new CommandException($"{path}: nothing says the class of an item, or what else the network is to give");
        }

        if (targets.Element is ElementType.Float32 or ElementType.Float64)
        {
            return targets.Shape.Rank == 0 || (learns == Learns.Maps && targets.Shape.Rank == 2) ? 1 : targets.Shape[0];
        }

        var most = Enumerable.Range(0, items.Count).Max(i => items.Target(i).Cast<object>().Max(Number));
        return learns == Learns.Maps && most <= 1 ? 1 : Checked(Math.Max(most + 1, 0));

        int Checked(long classes) =>
            classes <= MostClasses
                ? (int)classes
                : throw new CommandException($"{path}: the data have the class {classes - 1}; classes are 0 to {MostClasses - 1}");
    }

    private static long Number(object element) => Convert.ToInt64(element, CultureInfo.InvariantCulture);
}
