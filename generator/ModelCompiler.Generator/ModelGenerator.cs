using Microsoft.CodeAnalysis;

namespace ModelCompiler.Generator;

/// <summary>Turns the models of a project into classes. Everything that crosses a step compares by value.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class ModelGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var models = context
            .AdditionalTextsProvider.Combine(context.AnalyzerConfigOptionsProvider)
            .Where(pair => ProjectModels.IsModel(pair.Left, pair.Right))
            .Select((pair, _) => ProjectModels.Load(pair.Left, pair.Right))
            .WithTrackingName(Steps.Sources)
            .Collect()
            .SelectMany((files, _) => ProjectModels.MarkDuplicates(files))
            .WithTrackingName(Steps.Distinct);
        // Import, shapes, plan: what an editor needs.
        var described = models.Select((file, _) => DescribedModel.Of(file)).WithTrackingName(Steps.Described);
        // Text of kernels and weights: what only a build needs.
        var compiled = models.Select((file, _) => CompiledCode.Of(file)).WithTrackingName(Steps.Compiled);
        var tensorSpans = context
            .MetadataReferencesProvider.Where(reference => ProjectModels.IsTensors(reference))
            .Collect()
            .Select((references, _) => references.Length > 0)
            .WithTrackingName(Steps.TensorSpans);

        context.RegisterSourceOutput(described.Combine(tensorSpans), (output, pair) => pair.Left.AddSurface(output, pair.Right));
        context.RegisterSourceOutput(described, (output, model) => model.Report(output));
        context.RegisterImplementationSourceOutput(compiled, (output, code) => code.AddTo(output));
    }
}

/// <summary>Names of the pipeline's steps, for the test that holds them cached.</summary>
internal static class Steps
{
    public const string Sources = nameof(Sources);
    public const string Distinct = nameof(Distinct);
    public const string Described = nameof(Described);
    public const string Compiled = nameof(Compiled);
    public const string TensorSpans = nameof(TensorSpans);
}
