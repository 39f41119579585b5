using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;
using ModelCompiler.Items;

namespace ModelCompiler.Generator;

/// <summary>The private half of a class.</summary>
/// <param name="HintName">Name of the generated file.</param>
/// <param name="Text">C# of kernels and weights; empty where the model has errors.</param>
internal sealed record CompiledCode(string HintName, string Text)
{
    public static CompiledCode Of(ModelFile file) =>
        new(file.FullName + ".Kernels.g.cs", file.Plan.Description is null ? "" : file.Plan.Implementation());

    public void AddTo(SourceProductionContext output)
    {
        if (Text.Length > 0)
        {
            output.AddSource(HintName, SourceText.From(Text, Encoding.UTF8));
        }
    }
}
