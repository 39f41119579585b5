using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Items;

namespace ModelCompiler.Generator;

/// <summary>What the public half of a class and the messages about its model are made of.</summary>
/// <param name="Path">The model's file.</param>
/// <param name="Description">What the class is written from; null where the model has errors.</param>
/// <param name="Options">What a skeleton is written from.</param>
/// <param name="Problems">What there is to say.</param>
internal sealed record DescribedModel(string Path, ModelDescription? Description, CompileOptions Options, EquatableArray<Problem> Problems)
{
    public static DescribedModel Of(ModelFile file) => new(file.Item.Path, file.Plan.Description, file.Options, file.Plan.Problems);

    private string FullName => Options.Namespace.Length > 0 ? $"{Options.Namespace}.{Options.ClassName}" : Options.ClassName;

    public void AddSurface(SourceProductionContext output, bool tensorSpans)
    {
        // The class is there already, made of the other model.
        if (Problems.Any(p => p.Kind == ProblemKinds.DuplicateClass))
        {
            return;
        }

        var text = Description?.Surface(tensorSpans) ?? ModelDescription.Skeleton(Options);
        output.AddSource(FullName + ".g.cs", SourceText.From(text, Encoding.UTF8));
    }

    public void Report(SourceProductionContext output)
    {
        foreach (var problem in Problems)
        {
            output.ReportDiagnostic(Diagnostic.Create(Descriptors.Of(problem.Kind), AtStart(Path), problem.MessageWithout(Path)));
        }
    }

    private static Location AtStart(string path) =>
        Location.Create(path, new TextSpan(0, 0), new LinePositionSpan(new LinePosition(0, 0), new LinePosition(0, 0)));
}
