using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes.Quantised;

/// <summary>A tensor of integers that stands for real numbers.</summary>
/// <param name="Integers">The integers.</param>
/// <param name="Quantization">What they stand for.</param>
internal sealed record QuantizedTensor(Value Integers, Quantization Quantization);

/// <summary>Integer weights or biases that stand for real numbers.</summary>
/// <param name="Integers">The integers.</param>
/// <param name="Grid">Their scales and zero points.</param>
internal sealed record QuantizedWeights(Value Integers, QuantizationGrid Grid);

/// <summary>The end of a pattern: an operator, bounds on its results, and their quantisation.</summary>
/// <param name="Source">The operator whose results are clamped and quantised.</param>
/// <param name="Y">Quantisation of the results.</param>
/// <param name="Low">Lowest integer.</param>
/// <param name="High">Highest integer.</param>
internal sealed record QuantizedEnd(Node Source, Quantization Y, int Low, int High)
{
    /// <summary>How accumulators of products become the results.</summary>
    public Requantization Requantization(float x, EquatableArray<float> w) =>
        new(w.Select(scale => (float)((float)(x * scale) / Y.Scale)).ToArray(), Y.ZeroPoint, Y.Element, Low, High);

    /// <summary>The same end with bounds on the real results in addition.</summary>
    public QuantizedEnd Within(Clamp clamp) =>
        this with
        {
            Low = Math.Min(Math.Max(Y.Quantize(clamp.Low), Low), High),
            High = Math.Max(Math.Min(Y.Quantize(clamp.High), High), Low),
        };
}

/// <summary>Finds the ends of quantised patterns.</summary>
internal static class QuantizedPattern
{
    /// <summary>Most integers behind a bias that may be rounded to another scale, far from the ends of 32 bits.</summary>
    private const float MaxBias = 1 << 30;

    /// <summary>The 8-bit integers that a value is dequantised from with one scale; null where it is not.</summary>
    public static QuantizedTensor? Tensor(Graph graph, Value? value) =>
        graph.Producer(value) is { Operator: DequantizeLinear { Grid: { IsPerTensor: true } grid } } node && Is8Bit(node.Input(0).Element)
            ? new(node.Input(0), new Quantization(grid.Scales[0], grid.ZeroPoints[0], node.Input(0).Element))
            : null;

    /// <summary>The constant integers of up to 8 bits that weights are dequantised from; null where there are none.</summary>
    public static QuantizedWeights? Weights(Graph graph, Value? value)
    {
        if (
            graph.Producer(value) is not { Operator: DequantizeLinear { Grid: { BlockSize: 0 } grid } } node
            || node.Input(0).Constant is not { } constant
        )
        {
            return null;
        }

        return constant.Element switch
        {
            ElementType.Int8 or ElementType.UInt8 => new(node.Input(0), grid),
            ElementType.Int4 or ElementType.Int2 => new(Widened(ElementType.Int8), grid),
            ElementType.UInt4 or ElementType.UInt2 => new(Widened(ElementType.UInt8), grid),
            _ => null,
        };

        Value Widened(ElementType element) =>
            new(node.Input(0).Name, Graphs.Tensor.FromBytes(new TensorType(element, constant.Shape), constant.Bytes.ToArray()));
    }

    /// <summary>The quantisation of a QuantizeLinear to 8 bits with one scale; null for anything else.</summary>
    public static Quantization? Output(Node node) =>
        node.Operator is QuantizeLinear { Grid: { IsPerTensor: true } grid } q && Is8Bit(q.Element)
            ? new Quantization(grid.Scales[0], grid.ZeroPoints[0], q.Element)
            : null;

    /// <summary>
    /// The operator before a QuantizeLinear, past Relu and Clip: bounds on real numbers are bounds on the integers, because
    /// quantising keeps the order. Null where something else reads what lies in between.
    /// </summary>
    public static QuantizedEnd? End(Graph graph, Node quantize)
    {
        if (Output(quantize) is not { } y)
        {
            return null;
        }

        var (value, reader, clamp) = (quantize.Input(0), quantize, Clamp.None);
        while (graph.Producer(value) is { } source && graph.OnlyConsumer(value) == reader)
        {
            if (source.Operator is not Unary unary || FuseActivation.ClampOf(unary) is not { } bounds)
            {
                var (low, high) = ((int)y.Element.LowestValue(), (int)y.Element.HighestValue());
                return new QuantizedEnd(source, y, low, high).Within(clamp);
            }

            (value, reader, clamp) = (source.Input(0), source, bounds.Then(clamp));
        }

        return null;
    }

    /// <summary>
    /// A bias as integers of x scale · w scale, one for each of <paramref name="count"/> outputs. One that has another scale is
    /// rounded to it, as ONNX Runtime rounds float biases.
    /// </summary>
    /// <returns>False where the bias is not constant or too large.</returns>
    public static bool TryBias(Graph graph, Value? bias, float x, QuantizationGrid w, int count, string name, out Value? integers)
    {
        integers = null;
        if (bias is null)
        {
            return true;
        }

        var dequantize = graph.Producer(bias) is { Operator: DequantizeLinear { Grid: { BlockSize: 0 } } } node ? node : null;
        var constant = bias.Constant ?? dequantize?.Input(0).Constant;
        if (constant is null || constant.Shape.Elements is var elements && elements != 1 && elements != count)
        {
            return false;
        }

        var result = new int[count];
        for (var i = 0; i < count; i++)
        {
            var scale = (float)(x * w.Scales[w.IsPerTensor ? 0 : i]);
            var at = elements == 1 ? 0 : i;
            if (dequantize?.Operator is DequantizeLinear { Grid: { } grid } && constant.Element == ElementType.Int32)
            {
                var k = grid.IsPerTensor ? 0 : at;
                if (grid.Scales[k] == scale && grid.ZeroPoints[k] == 0)
                {
                    result[i] = constant.As<int>()[at];
                    continue;
                }
            }

            var real = dequantize is null ? constant.ToFloats()[at] : Real(constant, (DequantizeLinear)dequantize.Operator, at);
            var quotient = (float)(real / scale);
            if (!(Math.Abs(quotient) < MaxBias))
            {
                return false;
            }

            result[i] = (int)Math.Round((double)quotient, MidpointRounding.ToEven);
        }

        integers = new Value(name + "/bias", Graphs.Tensor.From<int>(ElementType.Int32, new TensorShape(count), result));
        return true;
    }

    /// <summary>Replaces a node of one output by others, of which the last gives that output.</summary>
    public static bool Replace(Node node, GraphEdit edit, params Node[] by)
    {
        edit.Replace(node, by);
        edit.ReplaceUses(node.Output, by[by.Length - 1].Output);
        return true;
    }

    private static float Real(Tensor constant, DequantizeLinear op, int element)
    {
        var k = op.Grid!.IsPerTensor ? 0 : element;
        return QuantizationRules.Dequantize((int)constant.ToLongs()[element], op.Grid.Scales[k], op.Grid.ZeroPoints[k]);
    }

    private static bool Is8Bit(ElementType element) => element is ElementType.Int8 or ElementType.UInt8;
}
