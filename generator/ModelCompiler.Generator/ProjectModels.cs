using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using ModelCompiler.Diagnostics;
using ModelCompiler.Items;

namespace ModelCompiler.Generator;

/// <summary>Finds the models among the files that the compiler was given. The package's targets put them there, with their metadata.</summary>
internal static class ProjectModels
{
    private const string Metadata = "build_metadata.AdditionalFiles.ModelCompiler";

    public static bool IsModel(AdditionalText text, AnalyzerConfigOptionsProvider options) =>
        options.GetOptions(text).TryGetValue(Metadata + "Model", out var value) && value == "true";

    public static ModelFile Load(AdditionalText text, AnalyzerConfigOptionsProvider options)
    {
        var metadata = options.GetOptions(text);
        return ModelFile.Load(
            ModelItem.Read(text.Path, Project(options.GlobalOptions), name => metadata.TryGetValue(Metadata + name, out var v) ? v : null)
        );
    }

    /// <summary>Gives the second model of a class, and each after it, the problem that says so.</summary>
    public static ImmutableArray<ModelFile> MarkDuplicates(ImmutableArray<ModelFile> files)
    {
        var first = new Dictionary<string, ModelFile>(StringComparer.Ordinal);
        return
        [
            .. files.Select(file =>
            {
                if (!first.TryGetValue(file.FullName, out var other))
                {
                    first.Add(file.FullName, file);
                    return file;
                }

                return file.With(
                    new Problem(
                        ProblemKinds.DuplicateClass,
                        $"the class {file.FullName} is already made of '{Path.GetFileName(other.Item.Path)}'; give one of the two another ClassName or Namespace"
                    )
                );
            }),
        ];
    }

    public static bool IsTensors(MetadataReference reference) =>
        string.Equals(Path.GetFileName(reference.Display), "System.Numerics.Tensors.dll", StringComparison.OrdinalIgnoreCase);

    private static ModelProject Project(AnalyzerConfigOptions options)
    {
        return new ModelProject(Text("ModelCompilerTarget"), Text("RuntimeIdentifier"), Text("RootNamespace"), Text("AssemblyName"));

        string Text(string name) => options.TryGetValue("build_property." + name, out var value) ? value.Trim() : "";
    }
}
