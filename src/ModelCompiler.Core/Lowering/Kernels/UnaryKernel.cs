using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>A function of one variable over a dense tensor.</summary>
internal sealed record UnaryKernel(Unary Operator, int Elements) : Kernel
{
    public override string Describe() => $"{Operator.Name} over {Elements} elements";

    public static LoweredNode? Lower(Unary op, Node node, LoweringContext context) =>
        op.Function != UnaryFunction.Relu
            ? null
            : new(new UnaryKernel(op, node.Output.Shape.Elements), (Value[])[node.Input(0)], InPlaceInput: 0);
}
