using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using ModelCompiler.Generator.Tests.Running;

namespace ModelCompiler.Generator.Tests;

public sealed class IncrementalityTests
{
    private static readonly string[] AllSteps = [Steps.Sources, Steps.Distinct, Steps.Described, Steps.Compiled, Steps.TensorSpans];

    [Fact]
    public void Editing_a_csharp_file_reuses_every_step()
    {
        using var project = new TestProject().Model("first.onnx", TinyModels.Relu()).Model("second.onnx", TinyModels.TwoByTwo());
        var compilation = project.Compilation();
        var driver = project.Driver().RunGenerators(compilation);

        var edited = compilation.AddSyntaxTrees(
            CSharpSyntaxTree.ParseText("class Unrelated { }", (CSharpParseOptions)compilation.SyntaxTrees[0].Options)
        );
        var result = driver.RunGenerators(edited).GetRunResult().Results.Single();

        foreach (var step in AllSteps)
        {
            Assert.All(
                result.TrackedSteps[step].SelectMany(s => s.Outputs),
                output =>
                    Assert.True(
                        output.Reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged,
                        $"{step}: {output.Reason}"
                    )
            );
        }

        foreach (var step in new[] { Steps.Described, Steps.Compiled })
        {
            Assert.All(result.TrackedSteps[step].SelectMany(s => s.Outputs), o => Assert.Equal(IncrementalStepRunReason.Cached, o.Reason));
        }

        Assert.All(
            result.TrackedOutputSteps.SelectMany(s => s.Value).SelectMany(s => s.Outputs),
            output => Assert.Equal(IncrementalStepRunReason.Cached, output.Reason)
        );
    }

    [Fact]
    public void Editing_a_model_compiles_it_again_and_no_other()
    {
        using var project = new TestProject().Model("first.onnx", TinyModels.Relu()).Model("second.onnx", TinyModels.TwoByTwo());
        var driver = project.Driver().RunGenerators(project.Compilation());

        File.WriteAllBytes(Path.Combine(project.Folder, "first.onnx"), TinyModels.Relu(length: 9).ToBytes());
        var result = Rerun(project, driver, "first.onnx");

        Assert.Equal([IncrementalStepRunReason.Modified, IncrementalStepRunReason.Cached], Reasons(result, Steps.Compiled));
        Assert.Contains(
            "[1,9]",
            result.GeneratedSources.Single(s => s.HintName == "App.First.g.cs").SourceText.ToString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Touching_a_model_without_changing_it_compiles_nothing()
    {
        using var project = new TestProject().Model("first.onnx", TinyModels.Relu());
        var driver = project.Driver().RunGenerators(project.Compilation());

        Assert.Equal([IncrementalStepRunReason.Cached], Reasons(Rerun(project, driver, "first.onnx"), Steps.Compiled));
    }

    [Fact]
    public void Editing_an_option_compiles_the_model_again()
    {
        using var project = new TestProject().Model("first.onnx", TinyModels.Relu()).Model("second.onnx", TinyModels.TwoByTwo());
        var driver = project.Driver().RunGenerators(project.Compilation());

        project.SetMetadata("second.onnx", "ClassName", "Other");
        var result = Rerun(project, driver, "second.onnx");

        Assert.Equal([IncrementalStepRunReason.Cached, IncrementalStepRunReason.Modified], Reasons(result, Steps.Described));
        Assert.Contains(result.GeneratedSources, s => s.HintName == "App.Other.Kernels.g.cs");
    }

    [Fact]
    public void Editing_a_file_of_labels_compiles_the_model_again()
    {
        using var project = new TestProject();
        var labels = Path.Combine(project.Folder, "labels.txt");
        File.WriteAllText(labels, "yes\nno\n");
        project.Model("first.onnx", TinyModels.Relu(), ("Labels", labels));
        var driver = project.Driver().RunGenerators(project.Compilation());

        File.WriteAllText(labels, "ja\nnein\n");
        var result = Rerun(project, driver, "first.onnx");

        Assert.Equal([IncrementalStepRunReason.Modified], Reasons(result, Steps.Described));
        Assert.Contains(
            "\"ja\", \"nein\"",
            result.GeneratedSources.Single(s => s.HintName == "App.First.g.cs").SourceText.ToString(),
            StringComparison.Ordinal
        );
    }

    private static GeneratorRunResult Rerun(TestProject project, GeneratorDriver driver, string changed) =>
        project.Update(driver, changed).RunGenerators(project.Compilation()).GetRunResult().Results.Single();

    private static IEnumerable<IncrementalStepRunReason> Reasons(GeneratorRunResult result, string step) =>
        result
            .TrackedSteps[step]
            .SelectMany(s => s.Outputs)
            .Select(o => o.Reason == IncrementalStepRunReason.Unchanged ? IncrementalStepRunReason.Cached : o.Reason);
}
