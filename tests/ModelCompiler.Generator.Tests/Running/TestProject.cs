using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;
using ModelCompiler.Testing;

namespace ModelCompiler.Generator.Tests.Running;

/// <summary>A project with models in a folder of its own, compiled in this process as the compiler would.</summary>
internal sealed class TestProject : IDisposable
{
    private static readonly CSharpParseOptions Parse = new(LanguageVersion.CSharp14);
    private static readonly Lazy<ImmutableArray<MetadataReference>> Framework = new(() =>
        [
            .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
                .Split(Path.PathSeparator)
                .Where(p =>
                    Path.GetFileName(p) is var f && (f.StartsWith("System.", StringComparison.Ordinal) || f == "Microsoft.CSharp.dll")
                )
                .Where(p => Path.GetFileName(p) != "System.Numerics.Tensors.dll")
                .Append(typeof(ModelInfo).Assembly.Location)
                .Select(p => MetadataReference.CreateFromFile(p)),
        ]
    );

    private readonly List<ModelText> _models = [];
    private readonly Dictionary<string, string> _properties = new()
    {
        ["RootNamespace"] = "App",
        ["AssemblyName"] = "App",
        ["ModelCompilerTarget"] = "portable",
    };
    private ImmutableArray<MetadataReference> _references = Framework.Value;

    public string Folder { get; } = Directory.CreateTempSubdirectory("generator-test-").FullName;

    /// <summary>Adds a model file, with metadata of its item as name and value.</summary>
    public TestProject Model(string file, OnnxModelBuilder model, params (string Name, string Value)[] metadata) =>
        Model(file, model.ToBytes(), metadata);

    public TestProject Model(string file, byte[] content, params (string Name, string Value)[] metadata)
    {
        var path = Path.Combine(Folder, file);
        File.WriteAllBytes(path, content);
        _models.Add(
            new ModelText(
                path,
                metadata.Append(("Model", "true")).ToDictionary(m => "build_metadata.AdditionalFiles.ModelCompiler" + m.Item1, m => m.Item2)
            )
        );
        return this;
    }

    public TestProject Property(string name, string value)
    {
        _properties[name] = value;
        return this;
    }

    public TestProject WithTensors()
    {
        _references = _references.Add(MetadataReference.CreateFromFile(typeof(System.Numerics.Tensors.Tensor).Assembly.Location));
        return this;
    }

    public CSharpCompilation Compilation(string source = "") =>
        CSharpCompilation.Create(
            "App" + Guid.NewGuid().ToString("N"),
            [CSharpSyntaxTree.ParseText(source, Parse, "Program.cs", encoding: System.Text.Encoding.UTF8)],
            _references,
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary,
                optimizationLevel: OptimizationLevel.Release,
                nullableContextOptions: NullableContextOptions.Enable,
                generalDiagnosticOption: ReportDiagnostic.Error
            )
        );

    public GeneratorDriver Driver() =>
        CSharpGeneratorDriver.Create(
            [new ModelGenerator().AsSourceGenerator()],
            _models,
            Parse,
            new Options(_properties, _models),
            new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true)
        );

    /// <summary>The driver again, after files or metadata have changed: the compiler makes a new text for a changed file.</summary>
    public GeneratorDriver Update(GeneratorDriver driver, string changedFile)
    {
        var index = _models.FindIndex(m => Path.GetFileName(m.Path) == changedFile);
        var changed = new ModelText(_models[index].Path, _models[index].Metadata);
        driver = driver.ReplaceAdditionalText(_models[index], changed);
        _models[index] = changed;
        return driver.WithUpdatedAnalyzerConfigOptions(new Options(_properties, _models));
    }

    public void SetMetadata(string file, string name, string value) =>
        _models.Single(m => Path.GetFileName(m.Path) == file).Metadata["build_metadata.AdditionalFiles.ModelCompiler" + name] = value;

    public GeneratorDriverRunResult Generate(string source = "") => Driver().RunGenerators(Compilation(source)).GetRunResult();

    /// <summary>Generates, compiles with warnings as errors, loads.</summary>
    public System.Reflection.Assembly Build(string source)
    {
        Driver().RunGeneratorsAndUpdateCompilation(Compilation(source), out var compilation, out var problems);
        Assert.Empty(problems);
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        Assert.True(result.Success, string.Join("\n", result.Diagnostics.Take(10)));
        // What is hidden is for editors: usings that these kernels have no need of.
        Assert.DoesNotContain(result.Diagnostics, d => d.Severity > DiagnosticSeverity.Hidden);
        return System.Reflection.Assembly.Load(image.ToArray());
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private sealed class ModelText(string path, Dictionary<string, string> metadata) : AdditionalText
    {
        public override string Path => path;

        public Dictionary<string, string> Metadata => metadata;

        public override SourceText? GetText(CancellationToken cancellationToken = default) =>
            throw new InvalidOperationException("a model is no text");
    }

    private sealed class Options(Dictionary<string, string> properties, List<ModelText> models) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions { get; } =
            new Values(properties.ToDictionary(p => "build_property." + p.Key, p => p.Value));

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => new Values([]);

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) =>
            new Values(models.First(m => m.Path == textFile.Path).Metadata);
    }

    private sealed class Values(Dictionary<string, string> values) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(string key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? value) =>
            values.TryGetValue(key, out value);
    }
}
