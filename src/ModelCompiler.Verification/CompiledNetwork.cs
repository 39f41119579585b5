using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using ModelCompiler.Emit;
using ModelCompiler.Graphs;

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
    private readonly Func<Array[], Array[], int[]> _predict;
    private readonly Action<Action<int>?>? _observe;
    private readonly Action _end;

    private CompiledNetwork(
        AssemblyLoadContext context,
        Func<Array[], Array[], int[]> predict,
        Action<Action<int>?>? observe,
        Action end,
        IReadOnlyList<ModelPort> inputs,
        IReadOnlyList<ModelPort> outputs
    )
    {
        _context = context;
        _predict = predict;
        _observe = observe;
        _end = end;
        Inputs = inputs;
        Outputs = outputs;
    }

    /// <summary>The model's inputs in order.</summary>
    public IReadOnlyList<ModelPort> Inputs { get; }

    /// <summary>The model's outputs in order.</summary>
    public IReadOnlyList<ModelPort> Outputs { get; }

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
            runner.GetMethod("Run")!.CreateDelegate<Func<Array[], Array[], int[]>>(),
            runner.GetMethod("Observe")?.CreateDelegate<Action<Action<int>?>>(),
            runner.GetMethod("End")!.CreateDelegate<Action>(),
            model.Inputs,
            model.Outputs
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

    /// <summary>Runs the network once.</summary>
    /// <param name="inputs">One array an input, in order, of the element type's C# type.</param>
    /// <returns>One tensor an output, in order, each with the size that it has for these inputs.</returns>
    public IReadOnlyList<NamedTensor> Run(params IReadOnlyList<Array> inputs)
    {
        var outputs = Outputs.Select(o => new NamedTensor(o.Name, o.Type, Elements.Allocate(o.Type))).ToArray();
        var counts = Run([.. inputs], [.. outputs.Select(o => o.Elements)]);
        return [.. outputs.Zip(Outputs, (tensor, port) => port.Size is { } size ? Valid(tensor, size.Axis, counts[size.Count]) : tensor)];
    }

    /// <summary>Runs the network once, into arrays that are there already.</summary>
    /// <returns>The sizes that only the data give.</returns>
    public int[] Run(Array[] inputs, Array[] outputs) => _predict(inputs, outputs);

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
        var call = $"Network.Predict({string.Join(", ", inputs.Concat(outputs))})";
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
                public static int[] Run(System.Array[] inputs, System.Array[] outputs) { {{body}} }
                public static void End() => Network.Dispose();
            {{(explain ? "    public static void Observe(System.Action<int> done) => Network.LayerDone = done;" : "")}}
            }
            """;
    }
}
