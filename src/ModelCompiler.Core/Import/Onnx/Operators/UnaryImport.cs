using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

internal static class UnaryImport
{
    public static ImmutableArray<Value> Relu(OnnxNode node, GraphBuilder graph) =>
        [graph.Add(new Unary(UnaryFunction.Relu), node.Input(0))];
}
