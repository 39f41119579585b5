using System.Runtime.InteropServices;
using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering;

/// <summary>What a lowering function returns for a node.</summary>
/// <param name="Kernel">The chosen kernel.</param>
/// <param name="Inputs">
/// The values that the kernel reads at run time, in its order. Constants among them are put into the weights as they are;
/// constants that the kernel has packed for itself are not listed.
/// </param>
/// <param name="ScratchBytes">Bytes of working memory.</param>
/// <param name="InPlaceInput">Which of the inputs output 0 may overwrite, where it is dead afterwards; −1 for none.</param>
/// <param name="ReadsPastEnd">
/// Whether the kernel reads up to <see cref="ArenaPlanner.Slack"/> bytes past the end of its inputs; they are then in the arena or
/// the weights, never in the caller's span.
/// </param>
internal sealed record LoweredNode(
    Kernel Kernel,
    EquatableArray<Value> Inputs,
    int ScratchBytes = 0,
    int InPlaceInput = -1,
    bool ReadsPastEnd = false
);

/// <summary>What lowering functions share: the target, and the packed weights as they grow.</summary>
internal sealed class LoweringContext(Target target)
{
    private const int Alignment = 64;
    private readonly List<byte[]> _weights = [];
    private readonly List<PackedWeights> _table = [];
    private int _end;
    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);

    public Target Target { get; } = target;

    public IReadOnlyList<PackedWeights> WeightTable => _table;

    /// <summary>All weights, with readable slack behind the last.</summary>
    public byte[] Weights()
    {
        if (_table.Count == 0)
        {
            return [];
        }

        var image = new byte[_end + ArenaPlanner.Slack];
        for (var i = 0; i < _table.Count; i++)
        {
            _weights[i].CopyTo(image, _table[i].Offset);
        }

        return image;
    }

    /// <summary>Adds packed weights, aligned to 64 bytes.</summary>
    /// <param name="node">The node they belong to.</param>
    /// <param name="purpose">What they are: weights, bias, scales, table…; part of their name in the emitted code.</param>
    /// <param name="element">Element type, which must have the size of <typeparamref name="T"/>.</param>
    /// <param name="elements">The elements in the order in which the kernel reads them.</param>
    public PackedWeights AddWeights<T>(Node node, string purpose, ElementType element, ReadOnlySpan<T> elements)
        where T : unmanaged => AddWeights(node.Name, purpose, node.Name + "/" + purpose, element, MemoryMarshal.AsBytes(elements));

    /// <summary>Adds a constant as it is.</summary>
    public PackedWeights AddConstant(Value value) => AddWeights(value.Name, "values", value.Name, value.Element, value.Constant!.Bytes);

    private PackedWeights AddWeights(string node, string purpose, string name, ElementType element, ReadOnlySpan<byte> bytes)
    {
        var offset = checked(_end + Alignment - 1) / Alignment * Alignment;
        var unique = Identifiers.Unique(Identifiers.PascalCase(name), _names);
        var entry = new PackedWeights(unique, element, offset, bytes.Length, node, purpose);
        _weights.Add(bytes.ToArray());
        _table.Add(entry);
        _end = checked(offset + bytes.Length);
        return entry;
    }
}
