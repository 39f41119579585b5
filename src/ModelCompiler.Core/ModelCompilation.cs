using System.Collections.Immutable;
using ModelCompiler.Diagnostics;
using ModelCompiler.Emit;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Lowering;
using ModelCompiler.Passes;

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
    /// <summary>Whether code was generated.</summary>
    public bool Succeeded => Surface.Length > 0;
}

/// <summary>A model up to the point where everything about it is decided and nothing is written.</summary>
public sealed class PlannedModel
{
    private readonly KernelProgram? _program;
    private readonly CompileOptions _options;

    internal PlannedModel(KernelProgram? program, CompileOptions options, ImmutableArray<Problem> problems)
    {
        _program = program;
        _options = options;
        var description = program is null ? null : ModelDescription.Of(program, options);
        Problems = description is null ? problems : [.. problems, .. Budgets.Exceeded(description, options)];
        Description = Problems.Any(p => p.Kind.Severity == Severity.Error) ? null : description;
    }

    /// <summary>What the public half of the class is written from; null where the model has errors.</summary>
    public ModelDescription? Description { get; }

    /// <summary>Everything to tell the user, errors and others.</summary>
    public ImmutableArray<Problem> Problems { get; }

    /// <summary>The packed weights; none where the model has errors.</summary>
    public WeightImage Weights => _program?.Weights ?? WeightImage.Empty;

    /// <summary>Whether the implementation expects its weights in a weights assembly.</summary>
    public bool HasExternalWeights => Weights.Length > _options.MaxInlineWeightBytes;

    /// <summary>C# of kernels and inline weights; empty where the model has errors.</summary>
    public string Implementation()
    {
        using var culture = InvariantCulture.Enter();
        return _program is null ? "" : ProgramEmitter.Emit(_program, _options);
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
            );
    }

    /// <summary>Imports and plans a model without writing code.</summary>
    public static PlannedModel Plan(ModelSource source, CompileOptions options)
    {
        using var culture = InvariantCulture.Enter();
        var (program, problems) = Lower(source, options);
        return new PlannedModel(program, options, problems);
    }

    /// <summary>Everything up to the emitter.</summary>
    internal static (KernelProgram? Program, ImmutableArray<Problem> Problems) Lower(ModelSource source, CompileOptions options)
    {
        var (graph, found) = OnnxImporter.Import(source, options);
        if (graph is null)
        {
            return (null, found);
        }

        var problems = new List<Problem>();
        KernelProgram? program = null;
        try
        {
            program = Lowerer.Lower(Pipeline.Run(graph, options.Target), options.Target, options.Threads, problems);
        }
        catch (OverflowException)
        {
            // Sizes and offsets are computed in checked arithmetic of 32 bits.
            problems.Add(new(ProblemKinds.HostileModel, "its tensors take more than 2 GiB of memory"));
        }

        program = program is null ? null : StatePorts.Mark(program.WithElementsOf(graph), options.State, problems);
        return (program, [.. found, .. problems.Select(p => p with { Message = $"{source.Path}: {p.Message}" })]);
    }
}
