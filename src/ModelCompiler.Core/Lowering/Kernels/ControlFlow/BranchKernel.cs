using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels.ControlFlow;

/// <summary>One of two bodies, by a condition. Both have the same scratch memory, as large as the larger needs.</summary>
internal sealed record BranchKernel(BodyProgram Then, BodyProgram Else) : Kernel, IBodyKernel
{
    public IEnumerable<BodyProgram> Bodies => [Then, Else];

    public override string Describe() => $"one of two branches of {Then.Steps.Count} and {Else.Steps.Count} steps";

    public static LoweredNode? Lower(If op, Node node, LoweringContext context)
    {
        var (then, otherwise) = (Lowerer.LowerBody(op.Then, context), Lowerer.LowerBody(op.Else, context));
        return then is null || otherwise is null
            ? null
            : new LoweredNode(
                new BranchKernel(then, otherwise),
                node.Inputs.Select(i => i!).ToArray(),
                Math.Max(then.ArenaBytes, otherwise.ArenaBytes)
            );
    }
}
