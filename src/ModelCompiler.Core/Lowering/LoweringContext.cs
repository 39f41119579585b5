using ModelCompiler.Diagnostics;
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
/// <param name="target">What code is generated for.</param>
/// <param name="problems">What is found wrong.</param>
/// <param name="layout">Where weights are put; a place of their own where it is left out.</param>
/// <param name="weights">What packed weights are to be.</param>
internal sealed class LoweringContext(
    Target target,
    ICollection<Problem> problems,
    WeightLayout? layout = null,
    WeightChoice weights = WeightChoice.Fastest
)
{
    private readonly WeightLayout _layout = layout ?? new WeightLayout();
    private readonly List<PackedWeights> _table = [];

    public Target Target { get; } = target;

    public ICollection<Problem> Problems { get; } = problems;

    /// <summary>What packed weights are to be.</summary>
    public WeightChoice WantedWeights { get; } = weights;

    /// <summary>Whether weights may be streams: they are to be small, and the network saves more than the code takes that reads streams.</summary>
    public bool UsesStreams { get; set; }

    /// <summary>Names of emitted methods that are taken.</summary>
    public Dictionary<string, int> MethodNames { get; private init; } = new(StringComparer.Ordinal);

    /// <summary>The arena of the program of the largest sizes, which is lowered first; null before that.</summary>
    public ArenaPlan? LargerArena { get; set; }

    /// <summary>The weights of this program.</summary>
    public IReadOnlyList<PackedWeights> WeightTable => _table;

    /// <summary>What the weights of the nodes of this program would take in plain forms.</summary>
    public List<PlainSize> PlainSizes { get; } = [];

    /// <summary>All weights, those of the programs before this one included.</summary>
    public WeightImage Weights() => _layout.Image();

    /// <summary>A context for another program of the same class: equal weights lie in one place, names are not given twice.</summary>
    public LoweringContext ForNextProgram() =>
        new(Target, Problems, _layout, WantedWeights) { MethodNames = MethodNames, LargerArena = LargerArena };

    /// <summary>Adds weights, aligned to 64 bytes, that are packed when somebody needs their bytes.</summary>
    /// <param name="node">The node they belong to.</param>
    /// <param name="purpose">What they are: weights, bias, scales, table…; part of their name in the emitted code.</param>
    /// <param name="element">Element type, which must have the size of <typeparamref name="T"/>.</param>
    /// <param name="count">Number of elements.</param>
    /// <param name="pack">
    /// Writes the elements in the order in which the kernel reads them. What it holds on to stays in memory: the model's own tensors
    /// are there anyway, copies of them are not.
    /// </param>
    public PackedWeights AddWeights<T>(Node node, string purpose, ElementType element, int count, PackWeights<T> pack)
        where T : unmanaged => Add(node.Name, purpose, node.Name + "/" + purpose, element, checked(count * element.SizeInBytes()), pack);

    /// <summary>Adds a few elements that are at hand, aligned to 64 bytes.</summary>
    /// <param name="node">The node they belong to.</param>
    /// <param name="purpose">What they are: weights, bias, scales, table…; part of their name in the emitted code.</param>
    /// <param name="element">Element type, which must have the size of <typeparamref name="T"/>.</param>
    /// <param name="elements">The elements in the order in which the kernel reads them.</param>
    public PackedWeights AddWeights<T>(Node node, string purpose, ElementType element, ReadOnlySpan<T> elements)
        where T : unmanaged
    {
        var copy = elements.ToArray();
        return AddWeights<T>(node, purpose, element, copy.Length, copy.CopyTo);
    }

    /// <summary>Adds a constant as it is.</summary>
    public PackedWeights AddConstant(Value value)
    {
        var constant = value.Constant!;
        return Add<byte>(value.Name, "values", value.Name, value.Element, constant.Bytes.Length, packed => constant.Bytes.CopyTo(packed));
    }

    private PackedWeights Add<T>(string node, string purpose, string name, ElementType element, int bytes, PackWeights<T> pack)
        where T : unmanaged
    {
        var entry = _layout.Add(node, purpose, name, element, bytes, pack);
        _table.Add(entry);
        return entry;
    }
}
