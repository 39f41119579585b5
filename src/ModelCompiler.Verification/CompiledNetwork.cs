using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using ModelCompiler.Emit;
using ModelCompiler.Graphs;
using ModelCompiler.Sizes;

namespace ModelCompiler.Verification;

/// <summary>Elements with their type: what goes into a network and comes out of it.</summary>
/// <param name="Name">Name of the model's input or output.</param>
/// <param name="Type">Element type and shape.</param>
/// <param name="Elements">An array of the C# type that the element type has.</param>
public sealed record NamedTensor(string Name, TensorType Type, Array Elements);

/// <summary>A model compiled to C#, compiled by Roslyn, loaded into this process and ready to run.</summary>
public sealed class CompiledNetwork : IDisposable
{
    private static readonly Lazy<IReadOnlyList<MetadataReference>> References = new(() =>
        [
            .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
                .Split(Path.PathSeparator)
                .Where(p =>
                    Path.GetFileName(p) is var f
                    && (f.StartsWith("System.", StringComparison.Ordinal) || f is "mscorlib.dll" or "netstandard.dll")
                )
                .Append(typeof(ModelInfo).Assembly.Location)
                .Select(p => MetadataReference.CreateFromFile(p)),
        ]
    );

    private readonly AssemblyLoadContext _context;
    private readonly Func<int[], Array[], Array[], int[]> _predict;
    private readonly Action<Action<int>?>? _observe;
    private readonly Action _end;

    private CompiledNetwork(
        AssemblyLoadContext context,
        Func<int[], Array[], Array[], int[]> predict,
        Action<Action<int>?>? observe,
        Action end,
        CompiledModel model
    )
    {
        _context = context;
        _predict = predict;
        _observe = observe;
        _end = end;
        Inputs = model.Inputs;
        Outputs = model.Outputs;
        Sizes = model.Sizes;
    }

    /// <summary>The model's inputs in order.</summary>
    public IReadOnlyList<ModelPort> Inputs { get; }

    /// <summary>The model's outputs in order.</summary>
    public IReadOnlyList<ModelPort> Outputs { get; }

    /// <summary>The sizes that are known at run time only; null where all are fixed. Inputs and outputs are then of the largest.</summary>
    public SizeTable? Sizes { get; }

    /// <summary>The inputs of some sizes.</summary>
    /// <param name="sizes">A size for each dimension of <see cref="Sizes"/>; none where all are fixed.</param>
    public IReadOnlyList<ModelPort> InputsAt(IReadOnlyList<int> sizes) => Sizes is null ? Inputs : At(sizes, Inputs, Sizes.Inputs);

    /// <summary>Compiles a compiled model's C# and loads it.</summary>
    /// <param name="model">What the compiler made; it must have succeeded.</param>
    /// <param name="options">The options that it was made with.</param>
    /// <param name="transform">Changes the implementation's text before it is compiled: for tests that replace an instruction set by software.</param>
    /// <exception cref="InvalidOperationException">The emitted code does not compile: a defect of the compiler.</exception>
    public static CompiledNetwork Load(CompiledModel model, CompileOptions options, Func<string, string>? transform = null)
    {
        var implementation = transform is null ? model.Implementation : transform(model.Implementation);
        var name = options.Namespace.Length > 0 ? $"global::{options.Namespace}.{options.ClassName}" : $"global::{options.ClassName}";
        var parse = new CSharpParseOptions(LanguageVersion.CSharp14);
        var context = new AssemblyLoadContext(null, isCollectible: true);
        var compilation = CSharpCompilation.Create(
            "Network" + Guid.NewGuid().ToString("N"),
            new[] { model.Surface, implementation, Runner(name, model, options.Explain) }.Select(t => CSharpSyntaxTree.ParseText(t, parse)),
            [.. References.Value, .. LoadWeights(model, options, context)],
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release)
        );
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        if (!result.Success)
        {
            var errors = result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Take(10);
            throw new InvalidOperationException("the emitted code does not compile:\n" + string.Join("\n", errors));
        }

        image.Position = 0;
        var runner = context.LoadFromStream(image).GetType("Runner")!;
        return new CompiledNetwork(
            context,
            runner.GetMethod("Run")!.CreateDelegate<Func<int[], Array[], Array[], int[]>>(),
            runner.GetMethod("Observe")?.CreateDelegate<Action<Action<int>?>>(),
            runner.GetMethod("End")!.CreateDelegate<Action>(),
            model
        );
    }

    /// <summary>Takes the road of a build for weights that are too many for C#: an assembly of their own.</summary>
    private static IEnumerable<MetadataReference> LoadWeights(CompiledModel model, CompileOptions options, AssemblyLoadContext context)
    {
        if (model.Weights.Length <= options.MaxInlineWeightBytes)
        {
            return [];
        }

        var name = "Weights" + Guid.NewGuid().ToString("N");
        using var image = new MemoryStream();
        WeightsAssembly.Write(name, [new WeightsBlock(options.WeightsClass, model.Weights)], image);
        image.Position = 0;
        context.LoadFromStream(image);
        return [MetadataReference.CreateFromImage(image.ToArray())];
    }

    /// <summary>Runs the network once, for the largest sizes where there are several.</summary>
    /// <param name="inputs">One array an input, in order, of the element type's C# type.</param>
    /// <returns>One tensor an output, in order, each with the size that it has for these inputs.</returns>
    public IReadOnlyList<NamedTensor> Run(params IReadOnlyList<Array> inputs) => RunAt(LargestSizes, inputs);

    /// <summary>Runs the network once for some sizes.</summary>
    /// <param name="sizes">A size for each dimension of <see cref="Sizes"/>; none where all are fixed.</param>
    /// <param name="inputs">One array an input, in order, of the element type's C# type.</param>
    public IReadOnlyList<NamedTensor> RunAt(IReadOnlyList<int> sizes, IReadOnlyList<Array> inputs)
    {
        var ports = Sizes is null ? Outputs : At(sizes, Outputs, Sizes.Outputs);
        var outputs = ports.Select(o => new NamedTensor(o.Name, o.Type, Elements.Allocate(o.Type))).ToArray();
        var counts = _predict([.. sizes], [.. inputs], [.. outputs.Select(o => o.Elements)]);
        return [.. outputs.Zip(Outputs, (tensor, port) => port.Size is { } size ? Valid(tensor, size.Axis, counts[size.Count]) : tensor)];
    }

    /// <summary>Runs the network once, into arrays that are there already and have the largest sizes.</summary>
    /// <returns>The sizes that only the data give.</returns>
    public int[] Run(Array[] inputs, Array[] outputs) => _predict(LargestSizes, inputs, outputs);

    private int[] LargestSizes => [.. Sizes?.Ranges.Select(r => r.Largest) ?? []];

    private IReadOnlyList<ModelPort> At(IReadOnlyList<int> sizes, IReadOnlyList<ModelPort> ports, IReadOnlyList<SizedPort> sized)
    {
        var (program, items) = Sizes!.Find(sizes);
        return [.. ports.Zip(sized, (p, s) => p with { Type = p.Type with { Shape = s.Shape(program, items) }, Smallest = null })];
    }

    /// <summary>Has a method called after each layer, with the layer's number; null ends that.</summary>
    /// <exception cref="InvalidOperationException">The model was compiled without <see cref="CompileOptions.Explain"/>.</exception>
    public void ObserveLayers(Action<int>? done) =>
        (_observe ?? throw new InvalidOperationException("the model was compiled without hooks for layers"))(done);

    /// <inheritdoc/>
    public void Dispose()
    {
        _end();
        _context.Unload();
    }

    /// <summary>What is valid of an output whose size the data give.</summary>
    private static NamedTensor Valid(NamedTensor tensor, int axis, int count)
    {
        var type = tensor.Type with { Shape = tensor.Type.Shape.With(axis, count) };
        var elements = Elements.Allocate(type);
        Array.Copy(tensor.Elements, elements, elements.Length);
        return new(tensor.Name, type, elements);
    }

    // Spans do not pass through reflection; this class, compiled beside the network, turns arrays into them.
    private static string Runner(string className, CompiledModel model, bool explain)
    {
        var inputs = model.Inputs.Select((p, i) => $"({p.Type.Element.CSharpName()}[])inputs[{i}]");
        var outputs = model.Outputs.Select((p, i) => $"({p.Type.Element.CSharpName()}[])outputs[{i}]");
        var sizes = model.SizesAreParameters ? model.Sizes!.Ranges.Select((_, i) => $"sizes[{i}]") : [];
        var call = $"Network.Predict({string.Join(", ", [.. sizes, .. inputs, .. outputs])})";
        var body = model.Outputs.Max(o => o.Size?.Count) switch
        {
            null => $"{call}; return System.Array.Empty<int>();",
            0 => $"return new[] {{ {call} }};",
            var last =>
                $"var counts = {call}; return new[] {{ {string.Join(", ", Enumerable.Range(1, last.Value + 1).Select(i => $"counts.Item{i}"))} }};",
        };
        return $$"""
            using System;
            public static class Runner
            {
                private static readonly {{className}} Network = new();
                public static int[] Run(int[] sizes, System.Array[] inputs, System.Array[] outputs) { {{body}} }
                public static void End() => Network.Dispose();
            {{(explain ? "    public static void Observe(System.Action<int> done) => Network.LayerDone = done;" : "")}}
            }
            """;
    }
}
