using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering;
using ModelCompiler.Sizes;

namespace ModelCompiler;

/// <summary>An input or output of a compiled model.</summary>
/// <param name="Name">Name in the model.</param>
/// <param name="Type">Element type and shape.</param>
public sealed record ModelPort(string Name, TensorType Type)
{
    /// <summary>How the integers that the raw entry takes in its place stand for reals; null where there is none.</summary>
    public Quantization? Quantization { get; init; }

    /// <summary>
    /// Which dimension has a size that only the data give; null where there is none. The type then has the largest size that is possible.
    /// </summary>
    public OutputSize? Size { get; init; }

    /// <summary>The number of the state that the instance keeps in its place; null where it is a parameter of Predict.</summary>
    public int? State { get; init; }

    /// <summary>
    /// The smallest size of each dimension, where some are known at run time only: the type then has the largest. Null where all are fixed.
    /// </summary>
    public TensorShape? Smallest { get; init; }

    /// <summary>The shape for people, for example <c>[≤30,3]</c> where only the data give a size, <c>[1..8,3]</c> where the caller does.</summary>
    public string Sizes => "[" + string.Join(",", Type.Shape.Select(SizeText)) + "]";

    private string SizeText(int size, int axis) =>
        axis == Size?.Axis ? $"≤{size}"
        : Smallest is { } smallest && smallest[axis] != size ? $"{smallest[axis]}..{size}"
        : $"{size}";
}

/// <summary>A step of a compiled model, for people.</summary>
/// <param name="Name">Name of the node.</param>
/// <param name="Kernel">Family, shapes and tiling.</param>
/// <param name="Macs">Multiply-accumulate operations.</param>
/// <param name="WeightBytes">Bytes of packed weights.</param>
public sealed record LayerDescription(string Name, string Kernel, long Macs, int WeightBytes)
{
    /// <summary>Bytes that its weights would take as int8, each a byte, and its biases as int32; 0 where it has no constant matrix or kernel.</summary>
    public long Int8Bytes { get; init; }

    /// <summary>Bytes that both would take as float32.</summary>
    public long Float32Bytes { get; init; }

    internal static LayerDescription Of(Step step, KernelProgram program)
    {
        var (int8, float32) = program.PlainBytesOf(step);
        return new(step.Name, step.Kernel.DescribeLayer(), step.Macs, program.WeightBytesOf(step))
        {
            Int8Bytes = int8,
            Float32Bytes = float32,
        };
    }
}

/// <summary>
/// All that the public half of a class is written from, and all that a report says: compared by value, so that work that
/// follows from it need not be done again.
/// </summary>
/// <param name="Name">Name of the model's graph.</param>
/// <param name="ClassName">Name of the class.</param>
/// <param name="Namespace">Its namespace; empty for the global one.</param>
/// <param name="Accessibility"><c>public</c> or <c>internal</c>.</param>
/// <param name="Target">What the code is generated for.</param>
/// <param name="Inputs">Inputs in order.</param>
/// <param name="Outputs">Outputs in order.</param>
/// <param name="Layers">What is computed, in order.</param>
/// <param name="WeightBytes">Bytes of packed weights.</param>
/// <param name="ArenaBytes">Bytes of the arena.</param>
/// <param name="Labels">Names of classes.</param>
/// <param name="Threads">How many threads compute large layers; 1 where no layer is worth more.</param>
public sealed record ModelDescription(
    string Name,
    string ClassName,
    string Namespace,
    string Accessibility,
    string Target,
    EquatableArray<ModelPort> Inputs,
    EquatableArray<ModelPort> Outputs,
    EquatableArray<LayerDescription> Layers,
    int WeightBytes,
    int ArenaBytes,
    EquatableArray<string> Labels,
    int Threads
)
{
    /// <summary>The sizes of outputs that only the data give: what Predict returns.</summary>
    public EquatableArray<ModelPort> Counts { get; init; }

    /// <summary>The sizes that are known at run time only; null where all are fixed. Layers are those of the largest.</summary>
    public SizeTable? Sizes { get; init; }

    /// <summary>The inputs whose lengths say those sizes; null where parameters of Predict say them.</summary>
    public IReadOnlyList<SizeSource>? SizeSources => Sizes is null ? null : SizeSource.Find(Sizes, input => Inputs[input].State is null);

    /// <summary>Bytes of the state that an instance keeps from one prediction to the next.</summary>
    public int StateBytes => Inputs.Where(p => p.State is not null).Sum(p => p.Type.Bytes);

    /// <summary>Multiply-accumulate operations of one prediction, of the largest sizes.</summary>
    public long Macs => Layers.Sum(l => l.Macs) * (Sizes?.MostItems ?? 1);

    /// <summary>Namespace and name of the class.</summary>
    public string FullName => Namespace.Length > 0 ? $"{Namespace}.{ClassName}" : ClassName;

    /// <summary>Whether an input or output can be given as raw integers.</summary>
    public bool HasQuantisedEdge => Inputs.Concat(Outputs).Any(p => p.Quantization is not null);

    /// <summary>C# of the public half of the class.</summary>
    /// <param name="tensorSpans">Whether to add overloads for the spans of System.Numerics.Tensors.</param>
    public string Surface(bool tensorSpans = false)
    {
        using var culture = InvariantCulture.Enter();
        return Emit.SurfaceEmitter.Emit(this, tensorSpans);
    }

    /// <summary>C# of a class of the same name that accepts any use of it: for a model that has errors, which other errors would hide.</summary>
    public static string Skeleton(CompileOptions options) => Emit.SurfaceEmitter.Skeleton(options);

    internal static ModelDescription Of(ProgramSet programs, CompileOptions options)
    {
        var program = programs.Largest;
        return new(
            program.ModelName,
            options.ClassName,
            options.Namespace,
            options.Accessibility,
            program.Target.Name,
            programs.Inputs,
            programs.Outputs,
            program.Steps.Select(s => LayerDescription.Of(s, program)).ToArray(),
            programs.Weights.Length,
            programs.ArenaBytes,
            options.Labels,
            programs.Threads
        )
        {
            Counts = program.Counts,
            Sizes = programs.Sizes,
        };
    }
}
