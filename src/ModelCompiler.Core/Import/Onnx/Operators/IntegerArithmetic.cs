using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>
/// Products of integers whose zero points or scales are known at run time only, written out in element-wise operators around
/// products without zero points. Exact, as all integers stay within 32 bits (convolutions: within the 53 of a double).
/// </summary>
internal static class IntegerArithmetic
{
    /// <summary>(a − a zero)(b − b zero) as Int32.</summary>
    public static Value MatMul(GraphBuilder graph, Value a, Value? aZero, Value b, Value? bZero)
    {
        var known = b.Constant is not null && bZero is null or { Constant: not null };
        if (known && b.Shape.Rank > 0 && aZero is { Shape.Elements: 1 })
        {
            return CorrectedMatMul(graph, a, aZero, b, bZero?.Constant);
        }

        // One zero point a row of a stands along its last dimension but one.
        var rows = aZero is { Shape: { Rank: 1, Elements: > 1 } }
            ? graph.Add(new Reshape(AlongFirst(aZero.Shape.Elements, 2)), aZero)
            : aZero;
        return graph.Add(
            Graphs.Operators.MatMul.Plain,
            Centred(graph, a, rows, ElementType.Int32),
            Centred(graph, b, bZero, ElementType.Int32)
        );
    }

    /// <summary>The convolution of (x − x zero) with (w − w zero) as Int32.</summary>
    public static Value Conv(OnnxNode node, GraphBuilder graph, int x, int xZero, int w, int wZero, int group)
    {
        var (input, weights) = (node.Input(x), node.Input(w));
        var window = WindowImport.OfConvolution(node, input.Shape, weights.Shape);
        var conv = new Conv(window, group, DataLayout.ChannelsFirst, Clamp.None);
        var outputs = node.OptionalInput(wZero) is { Shape.Elements: > 1 } zero
            ? graph.Add(new Reshape(AlongFirst(zero.Shape.Elements, weights.Shape.Rank)), zero)
            : node.OptionalInput(wZero);
        var sums = graph.Add(
            conv,
            Centred(graph, input, node.OptionalInput(xZero), ElementType.Float64),
            Centred(graph, weights, outputs, ElementType.Float64)
        );
        return graph.Add(new Cast(ElementType.Int32), sums);
    }

    /// <summary>Requantises Int32 accumulators: float(acc) · ((x scale · w scale) / y scale), rounded, plus the zero point.</summary>
    /// <param name="node">The node whose inputs the scales are.</param>
    /// <param name="graph">Where the nodes go.</param>
    /// <param name="sums">The accumulators.</param>
    /// <param name="x">Scale of the first operand.</param>
    /// <param name="w">Scales of the second one, shaped so that they broadcast to the accumulators.</param>
    /// <param name="yScale">Number of the node's input with the output's scale; the zero point is the next one.</param>
    /// <param name="otherwise">Type of the output where it has no zero point.</param>
    public static Value Requantize(OnnxNode node, GraphBuilder graph, Value sums, Value x, Value w, int yScale, ElementType otherwise)
    {
        var product = graph.Add(new Binary(BinaryFunction.Mul), x, w);
        var multiplier = graph.Add(new Binary(BinaryFunction.Div), product, node.Input(yScale));
        var real = graph.Add(new Binary(BinaryFunction.Mul), graph.Add(new Cast(ElementType.Float32), sums), multiplier);
        var zero = node.OptionalInput(yScale + 1);
        var one = graph.Constant(Tensor.Floats(TensorShape.Scalar, 1));
        return graph.Add(new QuantizeLinear(zero?.Element ?? otherwise, null), real, one, zero);
    }

    /// <summary>A shape with one entry along dimension 0 and ones behind it.</summary>
    public static TensorShape AlongFirst(int count, int rank) => new([count, .. Enumerable.Repeat(1, rank - 1)]);

    /// <summary>a · (b − b zero) by the integer kernels, less a zero · the sums of b's columns.</summary>
    private static Value CorrectedMatMul(GraphBuilder graph, Value a, Value aZero, Value b, Tensor? bZero)
    {
        int[] zeros = bZero is null ? [0] : [.. bZero.ToLongs().Select(z => (int)z)];
        QuantizationRules.Check(b.Shape, b.Shape.Rank - 1, 0, zeros.Length);
        var sums = graph.Add(new QuantizedMatMul(0, zeros, null), a, b);
        var columns = graph.Constant(ColumnSums(b.Constant!, zeros));
        var zero = graph.Add(new Reshape(TensorShape.Scalar), graph.Add(new Cast(ElementType.Int32), aZero));
        return graph.Add(new Binary(BinaryFunction.Sub), sums, graph.Add(new Binary(BinaryFunction.Mul), zero, columns));
    }

    /// <summary>The sums of the columns of b [.., K, N] less their zero points, as [.., 1, N]; [N] for a matrix, a scalar for a vector.</summary>
    private static Tensor ColumnSums(Tensor b, int[] zeros)
    {
        var rank = b.Shape.Rank;
        var (rows, columns) = rank == 1 ? (b.Shape[0], 1) : (b.Shape[rank - 2], b.Shape[rank - 1]);
        var elements = b.ToLongs();
        var sums = new int[elements.Length / Math.Max(rows, 1)];
        for (var i = 0; i < elements.Length; i++)
        {
            var column = i % columns;
            sums[(i / (rows * columns) * columns) + column] += (int)elements[i] - zeros[zeros.Length == 1 ? 0 : column];
        }

        var shape =
            rank == 1 ? TensorShape.Scalar
            : rank == 2 ? new TensorShape(columns)
            : b.Shape.With(rank - 2, 1);
        return Tensor.From<int>(ElementType.Int32, shape, sums);
    }

    private static Value Centred(GraphBuilder graph, Value value, Value? zero, ElementType element)
    {
        if (value.Element is not (ElementType.Int8 or ElementType.UInt8 or ElementType.Int16 or ElementType.UInt16))
        {
            throw new ShapeException($"integers of 8 or 16 bits were expected, found {value.Type}");
        }

        var wide = graph.Add(new Cast(element), value);
        return zero is null ? wide : graph.Add(new Binary(BinaryFunction.Sub), wide, graph.Add(new Cast(element), zero));
    }
}
