using System.Collections.Immutable;
using ModelCompiler.Graphs;

namespace ModelCompiler.Import.Onnx.Operators;

internal static class ReshapeImport
{
    public static ImmutableArray<Value> Identity(OnnxNode node, GraphBuilder graph) => [node.Input(0)];
}
