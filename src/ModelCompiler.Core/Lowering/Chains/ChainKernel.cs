using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering.Chains;

/// <summary>
/// Layers one behind the other that compute a few rows in turn, so that of the tensors between them only a ring of rows is ever in
/// memory: wide ones in the middle of a block take no arena and do not leave the first-level cache.
/// </summary>
/// <param name="Stages">The layers in order.</param>
internal sealed record ChainKernel(EquatableArray<ChainStage> Stages) : Kernel
{
    private ChainStage Last => Stages[Stages.Count - 1];

    public override RowSplit Split => new(Last.Rows, Last.RowsOfCall, Last.RowElements);

    /// <summary>Where the bytes begin that the stages use for themselves, one after the other.</summary>
    public int StageScratchOffset => Stages.Take(Stages.Count - 1).Sum(s => s.RingBytes);

    /// <summary>Bytes of the rings and of what the stages use for themselves.</summary>
    public int ScratchBytes => StageScratchOffset + Stages.Max(s => s.ScratchBytes);

    public override string? Packing =>
        Stages.Any(s => s.Kernel.Packing is not null) ? string.Join(" | ", Stages.Select(s => s.Kernel.Packing ?? "dense")) : null;

    public override string Describe() =>
        $"chain of {Stages.Count}, {Last.RowsOfCall} of {Last.Rows} rows at a time: "
        + string.Join(" | ", Stages.Select((s, i) => s.Kernel.Describe() + (i < Stages.Count - 1 ? $", {s.RingRows} rows kept" : "")));
}

/// <summary>A layer of a chain.</summary>
/// <param name="Name">Name of the node.</param>
/// <param name="Kernel">Kernel for calls of a few rows.</param>
/// <param name="Input">Type of its whole input.</param>
/// <param name="Output">Type of its whole output.</param>
/// <param name="Under">Which rows of the input lie under rows of the output.</param>
/// <param name="UnitsOfRow">How many of the kernel's own rows make one of the image.</param>
/// <param name="Rows">Rows of the output.</param>
/// <param name="RowsOfCall">Rows that a call computes.</param>
/// <param name="RingRows">Rows of the output that are in memory at a time; of the last stage, all.</param>
/// <param name="ScratchBytes">Bytes that the kernel uses for itself.</param>
/// <param name="Macs">Multiply-accumulate operations of all its rows.</param>
internal sealed record ChainStage(
    string Name,
    Kernel Kernel,
    TensorType Input,
    TensorType Output,
    RowWindow Under,
    int UnitsOfRow,
    int Rows,
    int RowsOfCall,
    int RingRows,
    int ScratchBytes,
    long Macs
)
{
    /// <summary>Name of the emitted method, unique in the program; empty until places are given out.</summary>
    public string Method { get; init; } = "";

    /// <summary>Elements of a row of the output.</summary>
    public int RowElements => Output.Shape.Elements / Rows;

    /// <summary>Bytes of the ring, up to where the next may begin.</summary>
    public int RingBytes
    {
        get
        {
            var bytes = checked(RingRows * RowElements * Output.Element.SizeInBytes()) + ArenaPlanner.Slack;
            return (bytes + ArenaPlanner.Alignment - 1) / ArenaPlanner.Alignment * ArenaPlanner.Alignment;
        }
    }

    /// <summary>The stage as a step, of which the method is emitted; the places of its operands stand in the chain's method.</summary>
    public Step Step => new(Name, Method, Kernel, (Operand[])[Place(Input)], (Operand[])[Place(Output)], Scratch, Macs) { IsRanged = true };

    private Operand? Scratch => ScratchBytes > 0 ? Place(new TensorType(ElementType.UInt8, new TensorShape(ScratchBytes))) : null;

    private static Operand Place(TensorType type) => new(Lowering.Place.Arena, 0, 0, type);
}
