using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>Operators that walk along one dimension.</summary>
internal static class ScanImport
{
    public static OnnxImport Cumulative(ReduceFunction function) =>
        (node, graph) =>
        {
            var x = node.Input(0);
            var axis = x.Shape.NormaliseAxis(node.ConstantInteger(1, "the axis"));
            var op = new Cumulative(function, axis, node.Int("exclusive", 0) != 0, node.Int("reverse", 0) != 0);
            return [graph.Add(op, x)];
        };

    /// <summary>The number of elements is an attribute at first, an input from opset 10 on.</summary>
    public static ImmutableArray<Value> TopK(OnnxNode node, GraphBuilder graph)
    {
        var x = node.Input(0);
        var axis = x.Shape.NormaliseAxis(node.Int("axis", -1));
        var count = node.Opset < 10 ? node.RequiredInt("k") : node.ConstantInteger(1, "the number of elements");
        return count >= 0 && count <= x.Shape[axis]
            ? graph.AddNode(new TopK(axis, (int)count, Smallest: node.Int("largest", 1) == 0), x)
            : throw new ShapeException($"{count} elements were asked for of dimension {axis} of {x.Shape}");
    }
}
