using ModelCompiler.Graphs;
using ModelCompiler.Lowering;

namespace ModelCompiler.Sizes;

/// <summary>The programs of one class: one, or one for each combination of sizes that are known at run time only.</summary>
/// <param name="Programs">The programs in the order of <see cref="SizeTable"/>; the last has the largest sizes.</param>
/// <param name="Weights">The packed weights of all programs.</param>
/// <param name="Sizes">The sizes that they serve; null where all sizes are fixed.</param>
internal sealed record ProgramSet(EquatableArray<KernelProgram> Programs, WeightImage Weights, SizeTable? Sizes)
{
    /// <summary>The only program, or that of the largest sizes.</summary>
    public KernelProgram Largest => Programs[Programs.Count - 1];

    /// <summary>Where each of them lies.</summary>
    public IEnumerable<PackedWeights> WeightTable =>
        Programs.Count == 1
            ? Largest.WeightTable
            : Programs
                .SelectMany(p => p.WeightTable)
                .GroupBy(w => w.Name, StringComparer.Ordinal)
                .Select(g => g.First())
                .OrderBy(w => w.Offset);

    /// <summary>Bytes of the arena that is large enough for each.</summary>
    public int ArenaBytes => Programs.Max(p => p.ArenaBytes);

    /// <summary>How many threads compute the steps that have parts.</summary>
    public int Threads => Programs.Max(p => p.Threads);

    /// <summary>The inputs, of the largest sizes.</summary>
    public EquatableArray<ModelPort> Inputs => Sizes is null ? Largest.Inputs : Sized(Largest.Inputs, Sizes.Inputs);

    /// <summary>The outputs, of the largest sizes.</summary>
    public EquatableArray<ModelPort> Outputs => Sizes is null ? Largest.Outputs : Sized(Largest.Outputs, Sizes.Outputs);

    /// <summary>The number of the first step of a program among the steps of all.</summary>
    public int FirstStep(int program) => Programs.Take(program).Sum(p => p.Steps.Count);

    private EquatableArray<ModelPort> Sized(EquatableArray<ModelPort> ports, EquatableArray<SizedPort> sized) =>
        ports.Zip(sized, Sized).ToArray();

    private ModelPort Sized(ModelPort port, SizedPort sized)
    {
        var (fewest, most) = (Sizes!.Items?.Smallest ?? 1, Sizes.MostItems);
        var shapes = Enumerable
            .Range(0, sized.Shapes.Count)
            .SelectMany(p => new[] { sized.Shape(p, fewest), sized.Shape(p, most) })
            .ToArray();
        TensorShape smallest = new(port.Type.Shape.Select((_, axis) => shapes.Min(s => s[axis])));
        TensorShape largest = new(port.Type.Shape.Select((_, axis) => shapes.Max(s => s[axis])));
        return port with { Type = port.Type with { Shape = largest }, Smallest = smallest == largest ? null : smallest };
    }
}
