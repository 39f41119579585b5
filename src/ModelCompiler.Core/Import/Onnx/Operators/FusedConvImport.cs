using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>com.microsoft FusedConv: activation(Conv(x, w, b) + z).</summary>
internal static class FusedConvImport
{
    public static ImmutableArray<Value> FusedConv(OnnxNode node, GraphBuilder graph)
    {
        var sum = graph.Add(ConvImport.ConvOf(node, Clamp.None), ConvImport.Operands(node));
        if (node.HasInput(3))
        {
            sum = graph.Add(new Binary(BinaryFunction.Add), sum, node.Input(3));
        }

        return [FusedActivation.Apply(node, graph, sum, node.Floats("activation_params") ?? [])];
    }
}
