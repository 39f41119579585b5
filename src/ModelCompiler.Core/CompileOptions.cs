using ModelCompiler.Graphs;
using ModelCompiler.Sizes;

namespace ModelCompiler;

/// <summary>What the user says about a model beside its file.</summary>
public sealed record CompileOptions
{
    /// <summary>Name of the generated class.</summary>
    public string ClassName { get; init; } = "Model";

    /// <summary>Namespace of the generated class; empty for the global one.</summary>
    public string Namespace { get; init; } = "";

    /// <summary><c>public</c> or <c>internal</c>.</summary>
    public string Accessibility { get; init; } = "public";

    /// <summary>What code is generated for.</summary>
    public Target Target { get; init; } = Target.Auto;

    /// <summary>
    /// How many threads compute large layers, 1 to 255. Results do not depend on it: only outputs are divided, never sums.
    /// </summary>
    public int Threads { get; init; } = 1;

    /// <summary>What the packed weights of a layer are to be: fast, or few bytes.</summary>
    public WeightChoice Weights { get; init; }

    /// <summary>Values of symbolic dimensions by name, for example batch → 1.</summary>
    public EquatableArray<DimensionBinding> Dimensions { get; init; }

    /// <summary>
    /// Symbolic dimensions whose size is known at run time only, with the sizes that they may have. Each has more than one, and none is
    /// among <see cref="Dimensions"/>.
    /// </summary>
    public EquatableArray<DimensionRange> Ranges { get; init; }

    /// <summary>
    /// Pairs <c>input:output</c> of recurrent state: the instance keeps what the output was and gives it to the input at the next call.
    /// </summary>
    public EquatableArray<string> State { get; init; }

    /// <summary>Names of the classes that the model tells apart, for the generated class's <c>Info</c>.</summary>
    public EquatableArray<string> Labels { get; init; }

    /// <summary>More bytes of weights than this are an error; null for no limit.</summary>
    public long? MaxWeightBytes { get; init; }

    /// <summary>More bytes of working memory than this are an error; null for no limit.</summary>
    public long? MaxArenaBytes { get; init; }

    /// <summary>More multiply-accumulate operations than this are an error; null for no limit.</summary>
    public long? MaxMacs { get; init; }

    /// <summary>
    /// Shapes of inputs given outright, for inputs whose file leaves dimensions or the rank open; dimensions that the file does
    /// fix must agree.
    /// </summary>
    public EquatableArray<InputShape> InputShapes { get; init; }

    /// <summary>
    /// Whether the class tells, through its internal field <c>LayerDone</c>, when each layer has ended: for tools that time layers.
    /// </summary>
    public bool Explain { get; init; }

    /// <summary>
    /// Packed weights of more bytes than this are not written as C#: they go into <see cref="CompiledModel.Weights"/> alone, for the
    /// caller to put into an assembly (<see cref="Emit.WeightsAssembly"/>) that the generated code reads in place. There they stand at
    /// multiples of 64 bytes; the C# compiler aligns constants to 8, so that loads cross cache lines, which costs small networks time.
    /// </summary>
    public int MaxInlineWeightBytes { get; init; } = 16 * 1024;

    /// <summary>
    /// Name of the assembly that the class is compiled into. It makes the name of the class with the weights unique, because an
    /// application may refer to several assemblies with models.
    /// </summary>
    public string AssemblyName { get; init; } = "";

    /// <summary>Full name of the class in the weights assembly, with underscores for what an identifier cannot hold.</summary>
    public string WeightsClass => "ModelCompiler.Weights." + Identifiers.Escaped($"{AssemblyName}.{Namespace}.{ClassName}");

    /// <summary>The same options for other sizes: those of one size are fixed when the model is compiled, the others when it runs.</summary>
    public CompileOptions With(IReadOnlyCollection<DimensionRange> sizes) =>
        this with
        {
            Dimensions = sizes.Where(s => s.IsFixed).Select(s => new DimensionBinding(s.Symbol, s.Smallest)).ToArray(),
            Ranges = sizes.Where(s => !s.IsFixed).ToArray(),
        };
}

/// <summary>The size given to a symbolic dimension.</summary>
/// <param name="Symbol">Name of the dimension in the model.</param>
/// <param name="Size">Its size, at least 1.</param>
public sealed record DimensionBinding(string Symbol, int Size);

/// <summary>The shape that an input is compiled for.</summary>
/// <param name="Input">Name of the input in the model.</param>
/// <param name="Shape">Its whole shape.</param>
public sealed record InputShape(string Input, TensorShape Shape);
