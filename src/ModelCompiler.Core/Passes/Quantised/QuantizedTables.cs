using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes.Quantised;

/// <summary>
/// DequantizeLinear → any element-wise operators of one tensor and constants → QuantizeLinear: a table of 256 entries. With no
/// operator in between it is a change of scale, or nothing.
/// </summary>
internal static class QuantizedTables
{
    private const int Entries = 256;

    /// <summary>Deeper expressions are left as they are.</summary>
    private const int MaxDepth = 16;

    public static bool Fuse(Graph graph, Node node, GraphEdit edit)
    {
        if (QuantizedPattern.Output(node) is not { } y)
        {
            return false;
        }

        QuantizedTensor? x = null;
        if (
            Evaluate(graph, node.Input(0), ref x, MaxDepth) is not { } reals
            || x is null
            || x.Integers.Constant is not null
            || x.Integers.Shape != node.Output.Shape
        )
        {
            return false;
        }

        var results = reals.ToFloats();
        var lowest = (int)x.Quantization.Element.LowestValue();
        var table = LookupTable.Of(x.Quantization.Element, y.Element, q => y.Quantize(results[q - lowest]));
        if (IsIdentity(table) && x.Quantization.Element == y.Element)
        {
            edit.Remove(node);
            edit.ReplaceUses(node.Output, x.Integers);
            return true;
        }

        var source = graph.Producer(node.Input(0))!;
        return QuantizedPattern.Replace(
            node,
            edit,
            QuantizedConvolutions.Named(source.Operator is DequantizeLinear ? node : source, node, table, x.Integers)
        );
    }

    /// <summary>The table that brings integers to another scale and zero point.</summary>
    public static LookupTable Requantizing(Quantization x, QuantizedEnd end) =>
        LookupTable.Of(x.Element, end.Y.Element, q => Math.Min(Math.Max(end.Y.Quantize(x.Dequantize(q)), end.Low), end.High));

    /// <summary>Whether every byte stays what it is.</summary>
    public static bool IsIdentity(LookupTable table) => table.Table.Select((entry, i) => entry == i).All(same => same);

    /// <summary>
    /// The 256 values that a value takes when the integers that it depends on run through all of theirs, lowest first; null where
    /// it depends on more than one tensor or on anything but the element itself.
    /// </summary>
    private static Tensor? Evaluate(Graph graph, Value value, ref QuantizedTensor? root, int depth)
    {
        if (QuantizedPattern.Tensor(graph, value) is { } tensor)
        {
            if (root is not null && root != tensor)
            {
                return null;
            }

            root = tensor;
            var lowest = (int)tensor.Quantization.Element.LowestValue();
            var reals = Enumerable.Range(lowest, Entries).Select(tensor.Quantization.Dequantize).ToArray();
            return Tensor.Floats(new TensorShape(Entries), reals);
        }

        if (Scalar(graph, value) is { } scalar)
        {
            return scalar;
        }

        var node = graph.Producer(value);
        if (depth == 0 || node?.Operator is not (Unary or Binary) || value.Element != ElementType.Float32)
        {
            return null;
        }

        if (node.Operator is Unary unary && Known(unary) is { } function)
        {
            return Evaluate(graph, node.Input(0), ref root, depth - 1) is { } argument
                ? Tensor.Floats(argument.Shape, [.. argument.ToFloats().Select(function)])
                : null;
        }

        var inputs = new List<Value?>();
        foreach (var input in node.Inputs)
        {
            if (input is null || Evaluate(graph, input, ref root, depth - 1) is not { } operand)
            {
                return null;
            }

            inputs.Add(new Value(input.Name, operand));
        }

        var types = node.Operator.Infer(new InferenceContext(inputs));
        return ConstantFolder.TryEvaluate(node.Operator, inputs, types) is [var result] ? result : null;
    }

    /// <summary>A constant of one element, dequantised where it has to be.</summary>
    private static Tensor? Scalar(Graph graph, Value value)
    {
        if (value.Shape.Elements != 1)
        {
            return null;
        }

        if (value.Constant is { Element: ElementType.Float32 } constant)
        {
            return constant.Reshape(TensorShape.Scalar);
        }

        return
            graph.Producer(value) is { Operator: DequantizeLinear { Grid.IsPerTensor: true } op } node
            && node.Input(0).Constant is { } integers
            ? Tensor.Floats(
                TensorShape.Scalar,
                QuantizationRules.Dequantize((int)integers.ToLongs()[0], op.Grid!.Scales[0], op.Grid.ZeroPoints[0])
            )
            : null;
    }

    /// <summary>Functions that ONNX Runtime has a quantised operator for, as that computes them.</summary>
    private static Func<float, float>? Known(Unary unary) =>
        unary.Function switch
        {
            UnaryFunction.Relu => x => x > 0 ? x : 0,
            UnaryFunction.Clip => x => Math.Min(Math.Max(x, unary.Alpha), unary.Beta),
            UnaryFunction.LeakyRelu => x => QuantizedActivations.LeakyRelu(x, unary.Alpha),
            UnaryFunction.Sigmoid => QuantizedActivations.Sigmoid,
            _ => null,
        };
}
