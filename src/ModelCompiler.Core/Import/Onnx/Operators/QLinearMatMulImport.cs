using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>QLinearMatMul, MatMulInteger and QGemm.</summary>
internal static class QLinearMatMulImport
{
    public static ImmutableArray<Value> QLinearMatMul(OnnxNode node, GraphBuilder graph)
    {
        var (a, b) = (node.Input(0), node.Input(3));
        if (!QuantizationImport.AreConstant(node, 1, 2, 4, 5, 6, 7) || node.Input(1).Shape.Elements > 1)
        {
            return [AtRunTime(node, graph)];
        }

        var left = QuantizationImport.PerTensor(node, 1, 2, a.Element, "a");
        var right = Columns(node, 4, 5, b);
        var output = QuantizationImport.OfOutput(node, 6, 7, a.Element);
        var product = new QuantizedMatMul(
            left.ZeroPoint,
            right.ZeroPoints,
            QuantizationImport.Requantization(left.Scale, right.Scales, output)
        );
        return [graph.Add(product, a, b)];
    }

    public static ImmutableArray<Value> MatMulInteger(OnnxNode node, GraphBuilder graph)
    {
        var (a, b) = (node.Input(0), node.Input(1));
        if (!QuantizationImport.AreConstant(node, 2, 3) || node.OptionalInput(2) is { Shape.Elements: > 1 })
        {
            return [IntegerArithmetic.MatMul(graph, a, node.OptionalInput(2), b, node.OptionalInput(3))];
        }

        var left = QuantizationImport.ZeroPoints(node, 2, a.Element, "a");
        var right = QuantizationImport.ZeroPoints(node, 3, b.Element, "b");
        QuantizationRules.Check(b.Shape, b.Shape.Rank - 1, 0, Math.Max(right.Length, 1));
        var product = new QuantizedMatMul(left.Length == 0 ? 0 : left[0], right.Length == 0 ? [0] : right, null);
        return [graph.Add(product, a, b)];
    }

    /// <summary>com.microsoft QGemm; without a scale of y the result is float.</summary>
    public static ImmutableArray<Value> QGemm(OnnxNode node, GraphBuilder graph)
    {
        var a = Transposed(node, graph, 0, "transA");
        var b = Transposed(node, graph, 3, "transB");
        var left = QuantizationImport.PerTensor(node, 1, 2, a.Element, "A");
        var right = Columns(node, 4, 5, b);
        var alpha = (float)(node.Float("alpha", 1) * left.Scale);
        var bias = Bias(node, graph, b.Shape[1]);
        if (node.HasInput(7))
        {
            var output = QuantizationImport.OfOutput(node, 7, 8, a.Element);
            var requantization = QuantizationImport.Requantization(alpha, right.Scales, output);
            return [graph.Add(new QuantizedMatMul(left.ZeroPoint, right.ZeroPoints, requantization), a, b, bias)];
        }

        var accumulators = graph.Add(new QuantizedMatMul(left.ZeroPoint, right.ZeroPoints, null), a, b, bias);
        var scales = right.Scales.Select(s => (float)(alpha * s)).ToArray();
        return [graph.Add(new DequantizeLinear(new QuantizationGrid(scales, new int[scales.Length], 1)), accumulators)];
    }

    /// <summary>QLinearMatMul whose scales or zero points are computed at run time, or differ between the rows of a.</summary>
    private static Value AtRunTime(OnnxNode node, GraphBuilder graph)
    {
        var sums = IntegerArithmetic.MatMul(graph, node.Input(0), node.OptionalInput(2), node.Input(3), node.OptionalInput(5));
        var scale = node.Input(1);
        var rows = scale.Shape is { Rank: 1, Elements: > 1 }
            ? graph.Add(new Reshape(IntegerArithmetic.AlongFirst(scale.Shape.Elements, 2)), scale)
            : scale;
        return IntegerArithmetic.Requantize(node, graph, sums, rows, node.Input(4), 6, node.Input(0).Element);
    }

    /// <summary>Scales and zero points of b: one, or one a column.</summary>
    private static QuantizationGrid Columns(OnnxNode node, int scale, int zeroPoint, Value b)
    {
        if (b.Shape.Rank == 0)
        {
            throw new ShapeException("b is a scalar");
        }

        var grid = QuantizationImport.Grid(node, scale, zeroPoint, b.Element, b.Shape.Rank - 1, "b");
        QuantizationRules.Check(b.Shape, b.Shape.Rank - 1, 0, grid.Scales.Count);
        return grid;
    }

    private static Value Transposed(OnnxNode node, GraphBuilder graph, int input, string attribute)
    {
        var value = node.Input(input);
        if (value.Shape.Rank != 2)
        {
            throw new ShapeException($"input {input} must be a matrix, found {value.Type}");
        }

        return node.Int(attribute, 0) == 0 ? value : graph.Add(new Transpose((int[])[1, 0]), value);
    }

    /// <summary>Input C as one number a column.</summary>
    private static Value? Bias(OnnxNode node, GraphBuilder graph, int columns)
    {
        if (node.OptionalConstantInput(6, "C") is not { } c)
        {
            return null;
        }

        var bias = c.As<int>();
        if (c.Element != ElementType.Int32 || (bias.Length != 1 && bias.Length != columns))
        {
            throw node.Unsupported($"C is {c.Type}; supported: Int32 with 1 or {columns} elements");
        }

        var row = bias.Length == columns ? bias.ToArray() : [.. Enumerable.Repeat(bias[0], columns)];
        return graph.Constant(Tensor.From<int>(ElementType.Int32, new TensorShape(columns), row));
    }
}
