using Microsoft.Build.Framework;
using ModelCompiler.Emit;
using ModelCompiler.Items;

namespace ModelCompiler.Build;

/// <summary>
/// The part of a build that a source generator may not do because it needs files: the weights assembly, reports, and a line a
/// model in the build's output. Faults of models are the generator's to report; here they only leave the model out.
/// </summary>
public sealed class PlanModels : ITask
{
    /// <inheritdoc/>
    public IBuildEngine BuildEngine { get; set; } = null!;

    /// <inheritdoc/>
    public ITaskHost HostObject { get; set; } = null!;

    /// <summary>The CompiledModel items.</summary>
    [Required]
    public ITaskItem[] Models { get; set; } = [];

    /// <summary>The property ModelCompilerTarget.</summary>
    public string Target { get; set; } = "";

    /// <summary>The platform that is built for.</summary>
    public string RuntimeIdentifier { get; set; } = "";

    /// <summary>Namespace of classes that are given none.</summary>
    public string RootNamespace { get; set; } = "";

    /// <summary>Name of the assembly.</summary>
    public string AssemblyName { get; set; } = "";

    /// <summary>Where the weights assembly is written; deleted where no model needs it.</summary>
    [Required]
    public string WeightsAssembly { get; set; } = "";

    /// <summary>Where the same assembly without its weights is written, for the C# compiler.</summary>
    [Required]
    public string WeightsReference { get; set; } = "";

    /// <summary>Where the lines are written, one a model.</summary>
    [Required]
    public string Summary { get; set; } = "";

    /// <summary>Folder for reports; empty for none.</summary>
    public string ReportFolder { get; set; } = "";

    /// <inheritdoc/>
    public bool Execute()
    {
        try
        {
            Run();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            BuildEngine.LogErrorEvent(
                new BuildErrorEventArgs("", "", BuildEngine.ProjectFileOfTaskNode, 0, 0, 0, 0, e.Message, "", nameof(PlanModels))
            );
            return false;
        }
    }

    private void Run()
    {
        var project = new ModelProject(Target, RuntimeIdentifier, RootNamespace, AssemblyName);
        var files = Models.Select(m => ModelFile.Load(ModelItem.Read(FullPath(m), project, name => Metadata(m, name)))).ToList();
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(Summary))!);
        WriteWeights(files);
        WriteReports(files);
        // Last: the build compares the age of this file with that of the models.
        File.WriteAllLines(Summary, files.Select(f => ModelReport.Line(f)).OfType<string>());
    }

    private void WriteWeights(List<ModelFile> files)
    {
        var blocks = files
            .Where(f => f.Plan.Description is not null && f.Plan.HasExternalWeights)
            .Select(f => new WeightsBlock(f.Options.WeightsClass, f.Plan.Weights))
            .ToList();
        if (blocks.Count == 0)
        {
            Delete(WeightsAssembly);
            Delete(WeightsReference);
            return;
        }

        // Two models of one class are an error that the generator reports.
        var distinct = blocks.GroupBy(b => b.ClassName).Select(g => g.First()).ToList();
        var name = Path.GetFileNameWithoutExtension(WeightsAssembly);
        using var assembly = Create(WeightsAssembly);
        Emit.WeightsAssembly.Write(name, distinct, assembly);
        using var reference = Create(WeightsReference);
        Emit.WeightsAssembly.WriteReference(name, distinct, reference);
    }

    private static void Delete(string path)
    {
        if (File.Exists(path))
        {
            File.Delete(path);
        }
    }

    private static FileStream Create(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        return File.Create(path);
    }

    private void WriteReports(List<ModelFile> files)
    {
        if (ReportFolder.Length == 0)
        {
            return;
        }

        Directory.CreateDirectory(ReportFolder);
        foreach (var file in files.Where(f => f.Plan.Description is not null))
        {
            File.WriteAllText(Path.Combine(ReportFolder, file.FullName + ".txt"), ModelReport.Text(file));
        }
    }

    private static string FullPath(ITaskItem item) => item.GetMetadata("FullPath");

    private static string Metadata(ITaskItem item, string name) =>
        // Paths in a project are relative to it.
        name == nameof(ModelItem.Labels)
        && item.GetMetadata(name) is { Length: > 0 } path
            ? Path.GetFullPath(path)
            : item.GetMetadata(name);
}
