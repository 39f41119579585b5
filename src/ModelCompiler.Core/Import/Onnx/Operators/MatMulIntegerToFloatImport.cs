using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>MatMulIntegerToFloat and DynamicQuantizeMatMul of com.microsoft, written out.</summary>
internal static class MatMulIntegerToFloatImport
{
    public static ImmutableArray<Value> MatMulIntegerToFloat(OnnxNode node, GraphBuilder graph) =>
        [
            Reals(
                graph,
                new(node.Input(0), node.Input(2), node.OptionalInput(4)),
                new(node.Input(1), node.Input(3), node.OptionalInput(5)),
                node.OptionalInput(6)
            ),
        ];

    public static ImmutableArray<Value> DynamicQuantizeMatMul(OnnxNode node, GraphBuilder graph)
    {
        var quantised = graph.AddNode(new DynamicQuantizeLinear(), node.Input(0));
        return
        [
            Reals(
                graph,
                new(quantised[0], quantised[1], quantised[2]),
                new(node.Input(1), node.Input(2), node.OptionalInput(3)),
                node.OptionalInput(4)
            ),
        ];
    }

    /// <summary>float(accumulator) · (a scale · b scale) + bias.</summary>
    public static Value Reals(GraphBuilder graph, Operand a, Operand b, Value? bias)
    {
        var sums = IntegerArithmetic.MatMul(graph, a.Integers, a.Zero, b.Integers, b.Zero);
        var scales = graph.Add(new Binary(BinaryFunction.Mul), a.Scale, b.Scale);
        var reals = graph.Add(new Binary(BinaryFunction.Mul), graph.Add(new Cast(ElementType.Float32), sums), scales);
        return bias is null ? reals : graph.Add(new Binary(BinaryFunction.Add), reals, bias);
    }

    /// <summary>Integers, the size of one quantum, and the integer that stands for 0.</summary>
    public sealed record Operand(Value Integers, Value Scale, Value? Zero);
}
