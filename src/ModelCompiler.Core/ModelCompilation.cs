using System.Collections.Immutable;
using ModelCompiler.Diagnostics;
using ModelCompiler.Emit;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Lowering;
using ModelCompiler.Passes;

namespace ModelCompiler;

/// <summary>An input or output of a compiled model.</summary>
/// <param name="Name">Name in the model.</param>
/// <param name="Type">Element type and shape.</param>
public sealed record ModelPort(string Name, TensorType Type);

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
    byte[] Weights,
    ImmutableArray<Problem> Problems
)
{
    /// <summary>Whether code was generated.</summary>
    public bool Succeeded => Surface.Length > 0;
}

/// <summary>The compiler's front door: model file in, C# out.</summary>
public static class ModelCompilation
{
    /// <summary>Compiles a model. Faults of the model come back as problems; nothing is thrown for them.</summary>
    public static CompiledModel Compile(ModelSource source, CompileOptions options)
    {
        var (program, problems) = Lower(source, options);
        return program is null
            ? new CompiledModel([], [], "", "", [], problems)
            : new CompiledModel(
                [.. program.Inputs],
                [.. program.Outputs],
                SurfaceEmitter.Emit(program, options),
                ProgramEmitter.Emit(program, options),
                program.Weights,
                problems
            );
    }

    /// <summary>Everything up to the emitter.</summary>
    internal static (KernelProgram? Program, ImmutableArray<Problem> Problems) Lower(ModelSource source, CompileOptions options)
    {
        var (graph, found) = OnnxImporter.Import(source, options);
        var problems = new List<Problem>(found);
        var program = graph is null ? null : Lowerer.Lower(Pipeline.Run(graph, options.Target), options.Target, problems);
        return (program, [.. problems]);
    }
}
