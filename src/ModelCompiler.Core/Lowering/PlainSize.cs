using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering;

/// <summary>What the weights of a node would take in the plainest forms, to compare with what they are packed in.</summary>
/// <param name="Node">Name of the node.</param>
/// <param name="Weights">Elements of its constants of two or more dimensions.</param>
/// <param name="Biases">Elements of its other constants.</param>
internal sealed record PlainSize(string Node, long Weights, long Biases)
{
    /// <summary>All of them as float32.</summary>
    public long Float32Bytes => sizeof(float) * (Weights + Biases);

    /// <summary>Weights as int8, biases as int32: every weight a byte, whatever it is.</summary>
    public long Int8Bytes => Weights + (sizeof(int) * Biases);

    /// <summary>The sizes of a node; null where it has no matrix or kernel of numbers.</summary>
    public static PlainSize? Of(Node node)
    {
        // Integers of 64 bits are shapes and places.
        var constants = node.Inputs.Where(i => i?.Constant is not null && i.Element != ElementType.Int64).Select(i => i!.Shape).ToArray();
        var weights = constants.Where(s => s.Rank >= 2).Sum(s => (long)s.Elements);
        return weights == 0 ? null : new(node.Name, weights, constants.Where(s => s.Rank < 2).Sum(s => (long)s.Elements));
    }
}
