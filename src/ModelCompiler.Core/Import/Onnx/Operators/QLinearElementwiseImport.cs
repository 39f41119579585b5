using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>The quantised element-wise operators of com.microsoft, its QLinearConcat and its QLinearSoftmax.</summary>
internal static class QLinearElementwiseImport
{
    public static ImmutableArray<Value> Add(OnnxNode node, GraphBuilder graph) => Binary(node, graph, QuantizedFunction.Add);

    public static ImmutableArray<Value> Mul(OnnxNode node, GraphBuilder graph) => Binary(node, graph, QuantizedFunction.Mul);

    public static ImmutableArray<Value> Sigmoid(OnnxNode node, GraphBuilder graph) => Table(node, graph, QuantizedActivations.Sigmoid);

    public static ImmutableArray<Value> LeakyRelu(OnnxNode node, GraphBuilder graph)
    {
        var alpha = node.Float("alpha", 0.01f);
        return Table(node, graph, x => QuantizedActivations.LeakyRelu(x, alpha));
    }

    /// <summary>Inputs: y scale, y zero point, then tensor, scale and zero point of each part.</summary>
    public static ImmutableArray<Value> Concat(OnnxNode node, GraphBuilder graph)
    {
        if (node.Inputs.Length < 5 || (node.Inputs.Length - 2) % 3 != 0)
        {
            throw new ShapeException($"two inputs and three a part were expected, found {node.Inputs.Length} inputs");
        }

        var output = QuantizationImport.OfOutput(node, 0, 1, node.Input(2).Element);
        var parts = new List<Value>();
        for (var i = 2; i < node.Inputs.Length; i += 3)
        {
            var part = node.Input(i);
            var input = QuantizationImport.PerTensor(node, i + 1, i + 2, part.Element, $"input {i}");
            parts.Add(Requantized(graph, part, input, output));
        }

        var axis = parts[0].Shape.NormaliseAxis(node.RequiredInt("axis"));
        return [graph.Add(new Concat(axis), [.. parts])];
    }

    public static ImmutableArray<Value> Softmax(OnnxNode node, GraphBuilder graph)
    {
        var x = node.Input(0);
        var input = QuantizationImport.PerTensor(node, 1, 2, x.Element, "X");
        var output = QuantizationImport.OfOutput(node, 3, 4, x.Element);
        var before13 = node.Int("opset", 13) < 13;
        var axis = x.Shape.NormaliseAxis(node.Int("axis", before13 ? 1 : -1));
        if (!before13)
        {
            return [graph.Add(new QuantizedSoftmax(axis, input, output), x)];
        }

        // Before opset 13 all dimensions from the axis on are one.
        var matrix = graph.Add(new Reshape(new TensorShape(x.Shape.Product(0, axis), x.Shape.Product(axis, x.Shape.Rank))), x);
        return [graph.Add(new Reshape(x.Shape), graph.Add(new QuantizedSoftmax(1, input, output), matrix))];
    }

    /// <summary>Inputs: condition, then tensor, scale and zero point of both choices, scale and zero point of the output.</summary>
    public static ImmutableArray<Value> Where(OnnxNode node, GraphBuilder graph)
    {
        var output = QuantizationImport.OfOutput(node, 7, 8, node.Input(1).Element);
        return [graph.Add(new Where(), node.Input(0), Choice(1), Choice(4))];

        Value Choice(int input)
        {
            var x = node.Input(input);
            return Requantized(graph, x, QuantizationImport.PerTensor(node, input + 1, input + 2, x.Element, $"input {input}"), output);
        }
    }

    /// <summary>The mean of what the integers stand for.</summary>
    public static ImmutableArray<Value> ReduceMean(OnnxNode node, GraphBuilder graph)
    {
        var x = node.Input(0);
        var (scale, zero) = (node.Input(1), node.OptionalInput(2));
        int[] axes = [.. node.Ints("axes")?.Select(x.Shape.NormaliseAxis).Distinct().OrderBy(a => a) ?? Enumerable.Range(0, x.Shape.Rank)];
        var mean = new Reduce(ReduceFunction.Mean, axes, node.RequiredInt("keepdims") != 0);
        var reals = graph.Add(mean, graph.Add(new DequantizeLinear(null), x, scale, zero));
        return
        [
            graph.Add(new QuantizeLinear(node.OptionalInput(4)?.Element ?? x.Element, null), reals, node.Input(3), node.OptionalInput(4)),
        ];
    }

    /// <summary>The same numbers under another scale and zero point.</summary>
    public static Value Requantized(GraphBuilder graph, Value x, Quantization from, Quantization to) =>
        from == to ? x : graph.Add(LookupTable.Of(from.Element, to.Element, q => to.Quantize(from.Dequantize(q))), x);

    private static ImmutableArray<Value> Binary(OnnxNode node, GraphBuilder graph, QuantizedFunction function)
    {
        var (a, b) = (node.Input(0), node.Input(3));
        var left = QuantizationImport.PerTensor(node, 1, 2, a.Element, "A");
        var right = QuantizationImport.PerTensor(node, 4, 5, b.Element, "B");
        var output = QuantizationImport.OfOutput(node, 6, 7, a.Element, "C");
        if (left.Element != right.Element || left.Element != output.Element)
        {
            throw node.Unsupported($"A is {a.Element}, B {b.Element} and C {output.Element}; supported: Int8 or UInt8 for all three");
        }

        return
        [
            graph.Add(
                QuantizedRules.Binary(function, left, right, output, a.Shape, b.Shape, out var swapped),
                swapped ? b : a,
                swapped ? a : b
            ),
        ];
    }

    private static ImmutableArray<Value> Table(OnnxNode node, GraphBuilder graph, Func<float, float> function)
    {
        var x = node.Input(0);
        var input = QuantizationImport.PerTensor(node, 1, 2, x.Element, "X");
        var output = QuantizationImport.OfOutput(node, 3, 4, x.Element);
        return [graph.Add(LookupTable.Of(input.Element, output.Element, q => output.Quantize(function(input.Dequantize(q)))), x)];
    }
}
