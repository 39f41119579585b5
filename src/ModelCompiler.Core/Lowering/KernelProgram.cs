using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Chains;
using ModelCompiler.Lowering.Kernels.ControlFlow;

namespace ModelCompiler.Lowering;

/// <summary>Where the bytes of an operand are.</summary>
internal enum Place
{
    /// <summary>In a span that the caller gave to Predict for reading; <see cref="Operand.Index"/> says which.</summary>
    ModelInput,

    /// <summary>In a span that the caller gave to Predict for writing, or behind these a count; later steps may read it again.</summary>
    ModelOutput,

    /// <summary>In the arena, <see cref="Operand.Offset"/> bytes from its start.</summary>
    Arena,

    /// <summary>In the weights, <see cref="Operand.Offset"/> bytes from their start.</summary>
    Weights,
}

/// <summary>A tensor that a step reads or writes: dense, row-major, at a fixed place.</summary>
internal sealed record Operand(Place Place, int Index, int Offset, TensorType Type)
{
    public override string ToString() =>
        Place switch
        {
            Place.Arena => $"arena[{Offset}..{Offset + Type.Bytes})",
            Place.Weights => $"weights[{Offset}..{Offset + Type.Bytes})",
            _ => $"{Place}{Index}" + (Offset > 0 ? $"[{Offset}..{Offset + Type.Bytes})" : ""),
        };
}

/// <summary>
/// A decided computation: which loop, which tile, which packing, with every number that the emitted code needs as a literal.
/// What it reads and writes stands in the <see cref="Step"/>.
/// </summary>
internal abstract record Kernel
{
    /// <summary>What the listing and the comment above the emitted method say: family, tile, shapes.</summary>
    public abstract string Describe();

    /// <summary>
    /// How the weights are packed, where that is not element by element; null where it is. It says what one layer is like, and not what
    /// code it needs: layers that differ in this alone share a method.
    /// </summary>
    public virtual string? Packing => null;

    /// <summary>What a list of layers says: family, tile, shapes, packing.</summary>
    public string DescribeLayer() => Packing is { } packing ? $"{Describe()}, {packing}" : Describe();

    /// <summary>The instruction sets that the kernel is written out for, best first; at run time the first available is taken.</summary>
    public virtual EquatableArray<InstructionSet> Variants => (InstructionSet[])[InstructionSet.Portable];

    /// <summary>How the work divides into rows that need nothing of each other; null where it is always done at once.</summary>
    public virtual RowSplit? Split => null;
}

/// <summary>
/// Work that divides into rows. The method of a ranged step computes rows [first, end) of them; its output begins with row first.
/// </summary>
/// <param name="Rows">Number of rows.</param>
/// <param name="Least">
/// The fewest that one call may compute. A windowed kernel may compute as many at a time: its ranges begin at multiples of this number,
/// and end at one or with the last row.
/// </param>
/// <param name="OutputRow">Elements of the output from one row to the next.</param>
/// <param name="InputRow">Elements of the first input from one row to the next, where it begins with row first as well; 0 where it is always the whole.</param>
internal sealed record RowSplit(int Rows, int Least, int OutputRow, int InputRow = 0);

/// <summary>A range of the packed weights with a name of its own in the emitted code.</summary>
/// <param name="Name">Name of the property that gives access to it.</param>
/// <param name="Element">Type of its elements.</param>
/// <param name="Offset">Where it begins.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Node">Name of the node that it belongs to; of the value, where it is a constant as it was.</param>
/// <param name="Purpose">What it is to its kernel: weights, bias, scales, table.</param>
internal sealed record PackedWeights(string Name, ElementType Element, int Offset, int Bytes, string Node = "", string Purpose = "values")
{
    /// <summary>
    /// The expression for their first element, to go behind <c>ref</c>: a property of the class, or a local of the method that calls the
    /// layer where they are unpacked at run time.
    /// </summary>
    public string Reference { get; private init; } = "Weights." + Name;

    /// <summary>Weights that the calling method has unpacked: they are not in the binary.</summary>
    public static PackedWeights Unpacked(int bytes) =>
        new(UnpackedName, ElementType.Int8, 0, bytes, Purpose: "weights") { Reference = UnpackedName };

    /// <summary>Name of the local.</summary>
    public const string UnpackedName = "unpacked";
}

/// <summary>One call of one emitted method.</summary>
/// <param name="Name">Name of the node.</param>
/// <param name="Method">Name of the emitted method, unique in the program.</param>
/// <param name="Kernel">What is computed and how.</param>
/// <param name="Inputs">Tensors read, in the kernel's order.</param>
/// <param name="Outputs">Tensors written.</param>
/// <param name="Scratch">Bytes of the arena that the kernel may use for itself; null where it needs none.</param>
/// <param name="Macs">Multiply-accumulate operations of one call.</param>
internal sealed record Step(
    string Name,
    string Method,
    Kernel Kernel,
    EquatableArray<Operand> Inputs,
    EquatableArray<Operand> Outputs,
    Operand? Scratch,
    long Macs
)
{
    /// <summary>Whether the method takes a range of the kernel's rows.</summary>
    public bool IsRanged { get; init; }

    /// <summary>How many parts its rows are divided into for threads; each has its share of the scratch memory.</summary>
    public int Parts { get; init; } = 1;

    /// <summary>Names of the nodes that the step computes, those of its bodies included.</summary>
    public IEnumerable<string> Nodes =>
        Kernel switch
        {
            ChainKernel chain => chain.Stages.Select(s => s.Name),
            IBodyKernel kernel => [Name, .. kernel.Bodies.SelectMany(b => b.Steps).SelectMany(s => s.Nodes)],
            _ => [Name],
        };

    /// <summary>All that the method takes, in the order of its parameters.</summary>
    public IEnumerable<Operand> Operands => Inputs.Concat(Outputs).Concat(Scratch is { } scratch ? [scratch] : []);

    public override string ToString() =>
        $"{Name}  {Kernel.DescribeLayer()}  {Macs} MAC  in {string.Join(" ", Inputs)}  out {string.Join(" ", Outputs)}"
        + (Scratch is null ? "" : $"  scratch {Scratch}");
}

/// <summary>All that the emitter needs: steps in order, the arena's size, the packed weights.</summary>
internal sealed record KernelProgram(
    string ModelName,
    Target Target,
    EquatableArray<ModelPort> Inputs,
    EquatableArray<ModelPort> Outputs,
    EquatableArray<Step> Steps,
    EquatableArray<PackedWeights> WeightTable,
    WeightImage Weights,
    int ArenaBytes
)
{
    /// <summary>The sizes that only the data give, in the order in which <see cref="OutputSize.Count"/> counts them.</summary>
    public EquatableArray<ModelPort> Counts { get; init; }

    /// <summary>The most bytes that are alive at one step: no plan could need less.</summary>
    public int LeastArenaBytes { get; init; }

    /// <summary>What the weights of nodes would take in plain forms.</summary>
    public EquatableArray<PlainSize> PlainSizes { get; init; }

    /// <summary>How many threads compute the steps that have parts; 1 where none has.</summary>
    public int Threads => Steps.Select(s => s.Parts).DefaultIfEmpty(1).Max();

    /// <summary>Steps at the edges that the raw integer entry leaves out.</summary>
    public EquatableArray<QuantizedEdge> Edges { get; init; }

    /// <summary>What lies in the arena from which step to which: for those who draw the plan.</summary>
    public EquatableArray<PlacedBuffer> Buffers { get; init; }

    /// <summary>Bytes of the packed weights of a step.</summary>
    public int WeightBytesOf(Step step)
    {
        var nodes = new HashSet<string>(step.Nodes, StringComparer.Ordinal);
        return WeightTable.Where(w => nodes.Contains(w.Node)).Sum(w => w.Bytes);
    }

    /// <summary>What the weights of a step would take as dense int8 and as float32; 0 where it has none.</summary>
    public (long Int8, long Float32) PlainBytesOf(Step step)
    {
        var nodes = new HashSet<string>(step.Nodes, StringComparer.Ordinal);
        var sizes = PlainSizes.Where(s => nodes.Contains(s.Node)).ToArray();
        return (sizes.Sum(s => s.Int8Bytes), sizes.Sum(s => s.Float32Bytes));
    }

    /// <summary>
    /// Says of the ports with a quantised edge what their raw integers are: in the element type that the file has, which the
    /// target may store otherwise.
    /// </summary>
    public KernelProgram WithElementsOf(Graph imported) =>
        this with
        {
            Inputs = Inputs
                .Select((p, i) => p with { Quantization = Quantization(i, true, QuantizedEdges.ElementOfInput(imported, i)) })
                .ToArray(),
            Outputs = Outputs
                .Select((p, i) => p with { Quantization = Quantization(i, false, QuantizedEdges.ElementOfOutput(imported, i)) })
                .ToArray(),
        };

    private Quantization? Quantization(int port, bool isInput, ElementType? element)
    {
        var stored = Edges.FirstOrDefault(e => e.Port == port && e.IsInput == isInput)?.Quantization;
        return (stored?.Element, element) switch
        {
            (ElementType.UInt8, ElementType.Int8) => stored with { Element = ElementType.Int8, ZeroPoint = stored.ZeroPoint - 128 },
            (ElementType.Int8, ElementType.UInt8) => stored with { Element = ElementType.UInt8, ZeroPoint = stored.ZeroPoint + 128 },
            _ => stored,
        };
    }
}
