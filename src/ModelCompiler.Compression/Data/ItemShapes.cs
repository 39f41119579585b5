using ModelCompiler.Graphs;

namespace ModelCompiler.Compression.Data;

/// <summary>The rule by which an item goes into an input: sizes of 1 do not count, and a vector takes any item of as many elements.</summary>
internal static class ItemShapes
{
    /// <summary>Checks that an item goes into an input.</summary>
    /// <param name="what">What the item is, for the message.</param>
    /// <param name="item">Its shape, without a batch.</param>
    /// <param name="port">The input of one item.</param>
    /// <exception cref="CompressionException">It does not; the message names both shapes.</exception>
    public static void Require(string what, TensorShape item, ModelPort port)
    {
        var (given, wanted) = (Counting(item), Counting(port.Type.Shape));
        if (item.Elements != port.Type.Shape.Elements || !(given.SequenceEqual(wanted) || wanted.Count <= 1 || given.Count <= 1))
        {
            throw new CompressionException($"{what} has the shape {item}, but input '{port.Name}' is {port.Type}");
        }
    }

    private static List<int> Counting(TensorShape shape) => [.. shape.Where(s => s != 1)];
}
