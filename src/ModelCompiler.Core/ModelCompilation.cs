using System.Collections.Immutable;
using ModelCompiler.Diagnostics;
using ModelCompiler.Emit;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Lowering;
using ModelCompiler.Passes;
using ModelCompiler.Sizes;

namespace ModelCompiler;

/// <summary>What the compiler makes of a model.</summary>
/// <param name="Inputs">The model's inputs in order.</param>
/// <param name="Outputs">The model's outputs in order.</param>
/// <param name="Surface">C# of the public half of the class; empty where the model has errors.</param>
/// <param name="Implementation">C# of kernels and inline weights; empty where the model has errors.</param>
/// <param name="Weights">The packed weights.</param>
/// <param name="Problems">Everything to tell the user, errors and others.</param>
public sealed record CompiledModel(
    ImmutableArray<ModelPort> Inputs,
    ImmutableArray<ModelPort> Outputs,
    string Surface,
    string Implementation,
    WeightImage Weights,
    ImmutableArray<Problem> Problems
)
{
    /// <summary>The sizes that are known at run time only; null where all are fixed.</summary>
    public SizeTable? Sizes { get; init; }

    /// <summary>Whether these sizes are parameters of Predict, because the lengths of its spans could mean several.</summary>
    public bool SizesAreParameters { get; init; }

    /// <summary>Whether code was generated.</summary>
    public bool Succeeded => Surface.Length > 0;
}

/// <summary>A model up to the point where everything about it is decided and nothing is written.</summary>
public sealed class PlannedModel
{
    private readonly ProgramSet? _programs;
    private readonly CompileOptions _options;

    internal PlannedModel(ProgramSet? programs, CompileOptions options, ImmutableArray<Problem> problems)
    {
        _programs = programs;
        _options = options;
        var description = programs is null ? null : ModelDescription.Of(programs, options);
        Problems = description is null ? problems : [.. problems, .. Budgets.Exceeded(description, options)];
        Description = Problems.Any(p => p.Kind.Severity == Severity.Error) ? null : description;
    }

    /// <summary>What the public half of the class is written from; null where the model has errors.</summary>
    public ModelDescription? Description { get; }

    /// <summary>Everything to tell the user, errors and others.</summary>
    public ImmutableArray<Problem> Problems { get; }

    /// <summary>The packed weights; none where the model has errors.</summary>
    public WeightImage Weights => _programs?.Weights ?? WeightImage.Empty;

    /// <summary>Whether the implementation expects its weights in a weights assembly.</summary>
    public bool HasExternalWeights => Weights.Length > _options.MaxInlineWeightBytes;

    /// <summary>C# of kernels and inline weights; empty where the model has errors.</summary>
    public string Implementation()
    {
        using var culture = InvariantCulture.Enter();
        return _programs is null ? "" : ProgramEmitter.Emit(_programs, _options);
    }
}

/// <summary>The compiler's front door: model file in, C# out.</summary>
public static class ModelCompilation
{
    /// <summary>Compiles a model. Faults of the model come back as problems; nothing is thrown for them.</summary>
    public static CompiledModel Compile(ModelSource source, CompileOptions options)
    {
        var plan = Plan(source, options);
        return plan.Description is not { } description
            ? new CompiledModel([], [], "", "", WeightImage.Empty, plan.Problems)
            : new CompiledModel(
                [.. description.Inputs.Where(p => p.State is null)],
                [.. description.Outputs.Where(p => p.State is null)],
                description.Surface(),
                plan.Implementation(),
                plan.Weights,
                plan.Problems
            )
            {
                Sizes = description.Sizes is { } sizes
                    ? sizes with
                    {
                        Inputs = sizes.Inputs.Where((_, i) => description.Inputs[i].State is null).ToArray(),
                        Outputs = sizes.Outputs.Where((_, i) => description.Outputs[i].State is null).ToArray(),
                    }
                    : null,
                SizesAreParameters = description.SizeSources is null && description.Sizes is not null,
            };
    }

    /// <summary>Imports and plans a model without writing code.</summary>
    public static PlannedModel Plan(ModelSource source, CompileOptions options)
    {
        using var culture = InvariantCulture.Enter();
        var (programs, problems) = LowerAll(source, options);
        return new PlannedModel(programs, options, problems);
    }

    /// <summary>Everything up to the emitter, for one size: the largest where there are several.</summary>
    internal static (KernelProgram? Program, ImmutableArray<Problem> Problems) Lower(ModelSource source, CompileOptions options)
    {
        var (programs, problems) = LowerAll(source, options);
        return (programs?.Largest, problems);
    }

    /// <summary>Everything up to the emitter.</summary>
    internal static (ProgramSet? Programs, ImmutableArray<Problem> Problems) LowerAll(ModelSource source, CompileOptions options)
    {
        if (options.Ranges.Count > 0)
        {
            return new SizedCompilation(source, options).Run();
        }

        var (graph, found) = OnnxImporter.Import(source, options);
        if (graph is null)
        {
            return (null, found);
        }

        var problems = new List<Problem>();
        var program = Lower(graph, options, new LoweringContext(options.Target, problems, weights: options.Weights));
        return (
            program is null ? null : new ProgramSet((KernelProgram[])[program], program.Weights, Sizes: null),
            [.. found, .. problems.Select(p => p with { Message = $"{source.Path}: {p.Message}" })]
        );
    }

    /// <summary>Lowers an imported graph as one of the programs of a class; problems go to the context.</summary>
    internal static KernelProgram? Lower(Graph graph, CompileOptions options, LoweringContext context)
    {
        try
        {
            return Lowerer.Lower(Pipeline.Run(graph, options.Target), context, options.Threads) is { } program
                ? StatePorts.Mark(program.WithElementsOf(graph), options.State, context.Problems)
                : null;
        }
        catch (OverflowException)
        {
            // Sizes and offsets are computed in checked arithmetic of 32 bits.
            context.Problems.Add(new(ProblemKinds.HostileModel, "its tensors take more than 2 GiB of memory"));
            return null;
        }
    }
}
