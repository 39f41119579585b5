using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels.ControlFlow;

/// <summary>Throws an exception.</summary>
internal sealed record FailKernel(string Message) : Kernel
{
    public override string Describe() => "exception";

    public static LoweredNode Lower(Fail op, Node node, LoweringContext context) => new(new FailKernel(op.Message), (Value[])[]);
}
