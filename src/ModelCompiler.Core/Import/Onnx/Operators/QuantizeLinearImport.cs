using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>QuantizeLinear and DequantizeLinear of both domains, and DynamicQuantizeLinear.</summary>
internal static class QuantizeLinearImport
{
    /// <summary>
    /// The division is made in the type that <c>precision</c> says; then one rounds to integers or to floats of few bits.
    /// </summary>
    public static ImmutableArray<Value> QuantizeLinear(OnnxNode node, GraphBuilder graph)
    {
        var (x, scale, zero) = (node.Input(0), node.Input(1), node.OptionalInput(2));
        var element = OutputElement(node);
        var precision = Precision(node);
        var (axis, block) = Place(node, x.Shape);
        var reals = Real(node, graph, x, precision, "x");
        var scales = Real(node, graph, scale, precision, "the scale");
        if (precision == ElementType.Float32 && element.IsInteger())
        {
            var plain = node.WithInputs([reals, scales, zero]);
            return QuantizationImport.AreConstant(plain, 1, 2)
                ? [graph.Add(new QuantizeLinear(element, QuantizationImport.Grid(plain, 1, 2, element, axis, "y", block)), reals)]
                : [graph.Add(new QuantizeLinear(element, null, axis, block), reals, scales, zero)];
        }

        if (!element.IsInteger())
        {
            RequireNoZeroPoint(node);
        }

        CheckScales(x.Shape, scale.Shape, axis, block);
        var quotient = (new Term(graph, reals) / Spread(graph, scales, x.Shape, axis, block)).To(precision);
        return element.IsInteger()
            ? [graph.Add(new QuantizeLinear(element, null, axis, block), quotient.To(ElementType.Float32).Value, Ones(graph, scale), zero)]
            : [quotient.Apply(new Cast(element, node.Int("saturate", 1) != 0)).Value];
    }

    /// <summary>Floats of few bits, which the caller has widened, are only multiplied with their scale: their zero point has to be 0.</summary>
    public static ImmutableArray<Value> DequantizeLinear(OnnxNode node, GraphBuilder graph)
    {
        var (x, scale) = (node.Input(0), node.Input(1));
        if (node.Int("output_dtype", 0) is not 0 and var wanted && !CanBeReal((ElementType)wanted))
        {
            throw node.Unsupported($"output_dtype {(ElementType)wanted}; supported: Float32, Float16, BFloat16");
        }

        if (scale.Element != ElementType.Float32)
        {
            throw node.Unsupported($"the scale is {scale.Type}; supported: Float32, Float16, BFloat16, Float8E8M0");
        }

        var (axis, block) = Place(node, x.Shape);
        if (x.Element == ElementType.Float32)
        {
            RequireNoZeroPoint(node);
            CheckScales(x.Shape, scale.Shape, axis, block);
            return x.Constant is { } codes && scale.Constant is { } scales
                ? [Scaled(graph, codes, scales, axis, block)]
                : [(new Term(graph, x) * Spread(graph, scale, x.Shape, axis, block)).Value];
        }

        return QuantizationImport.AreConstant(node, 1, 2)
            ? [graph.Add(new DequantizeLinear(QuantizationImport.Grid(node, 1, 2, x.Element, axis, "x", block)), x)]
            : [graph.Add(new DequantizeLinear(null, axis, block), x, scale, node.OptionalInput(2))];
    }

    public static ImmutableArray<Value> DynamicQuantizeLinear(OnnxNode node, GraphBuilder graph) =>
        graph.AddNode(new DynamicQuantizeLinear(), node.Input(0));

    private static ElementType OutputElement(OnnxNode node)
    {
        var wanted = (ElementType)node.Int("output_dtype", 0);
        var element = node.OptionalInput(2)?.Element ?? (wanted == ElementType.Undefined ? ElementType.UInt8 : wanted);
        if (wanted != ElementType.Undefined && wanted != element)
        {
            throw new ShapeException($"output_dtype is {wanted} but the zero point is {element}");
        }

        return CanBeQuantised(element)
            ? element
            : throw node.Unsupported($"the output is {element}; supported: integers of 2 to 16 bits, floats of 4 and 8 bits");
    }

    private static bool CanBeQuantised(ElementType element) =>
        element.IsInteger()
            ? element.SizeInBytes() <= 2
            : element.IsNarrowFloat() && element.SizeInBytes() == 1 && element != ElementType.Float8E8M0;

    private static bool CanBeReal(ElementType element) => element is ElementType.Float32 or ElementType.Float16 or ElementType.BFloat16;

    /// <summary>The type in which a QuantizeLinear divides. Before opset 23 nothing says it; ONNX Runtime takes float32.</summary>
    public static ElementType Precision(OnnxNode node)
    {
        var (precision, scale) = ((ElementType)node.Int("precision", 0), node.Input(1).Element);
        return precision == ElementType.Undefined ? (CanBeReal(scale) && node.Opset >= 23 ? scale : ElementType.Float32)
            : CanBeReal(precision) ? precision
            : throw node.Unsupported($"precision {precision}; supported: Float32, Float16, BFloat16");
    }

    /// <summary>A value as float32, rounded to the precision.</summary>
    private static Value Real(OnnxNode node, GraphBuilder graph, Value value, ElementType precision, string meaning)
    {
        if (!value.Element.IsNarrowFloat() && value.Element is not (ElementType.Float32 or ElementType.Int32))
        {
            throw node.Unsupported($"{meaning} is {value.Type}; supported: Float32, Float16, BFloat16, Int32, for scales also Float8E8M0");
        }

        var term = new Term(graph, value);
        return (precision == ElementType.Float32 ? term : term.To(precision)).To(ElementType.Float32).Value;
    }

    /// <summary>Scales of 1, as many as there are others, so that zero points find theirs.</summary>
    private static Value Ones(GraphBuilder graph, Value scale) =>
        graph.Add(new Expand(scale.Shape), graph.Constant(Tensor.Floats(TensorShape.Scalar, 1)));

    private static void RequireNoZeroPoint(OnnxNode node)
    {
        if (node.OptionalInput(2)?.Constant is { } zero && zero.Bytes.ToArray().Any(b => b != 0))
        {
            throw node.Unsupported($"the zero point is {zero.Type} and not 0; supported for floats: 0");
        }
    }

    private static void CheckScales(TensorShape x, TensorShape scale, int axis, int block) =>
        QuantizationRules.Check(x, axis, block, scale.Elements);

    /// <summary>Constants at once: weights are as large as they are, and spreading their scales would make these as large.</summary>
    private static Value Scaled(GraphBuilder graph, Tensor x, Tensor scale, int axis, int block)
    {
        var (numbers, scales) = (x.ToFloats(), scale.ToFloats());
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] *= scales[scales.Length == 1 ? 0 : QuantizationRules.GridIndex(x.Shape, axis, block, i)];
        }

        var result = graph.Constant(Tensor.Floats(x.Shape, numbers));
        graph.FoldingBudget.Spend([result], [result.Type]);
        return result;
    }

    /// <summary>Scales in a shape that broadcasts to the tensor's.</summary>
    private static Term Spread(GraphBuilder graph, Value scale, TensorShape x, int axis, int block)
    {
        var term = new Term(graph, scale);
        if (scale.Shape.Elements == 1)
        {
            return term.Reshape();
        }

        if (block == 0)
        {
            return term.Reshape(x.Select((size, a) => a == axis ? size : 1));
        }

        // Each scale as often as its block has elements, the last block cut to what there is.
        block = Math.Min(block, x[axis]);
        var blocks = x.With(axis, (x[axis] + block - 1) / block);
        var (outer, inner) = (x.Product(0, axis), x.Product(axis + 1, x.Rank));
        var repeated = term.Reshape(outer, blocks[axis], 1, inner).Apply(new Expand(new TensorShape(outer, blocks[axis], block, inner)));
        return repeated.Reshape(outer, blocks[axis] * block, inner).Slice(1, 0, x[axis]).Reshape(x);
    }

    /// <summary>Axis and block size. The axis counts only where there are several scales: it may lie outside of a tensor that has one.</summary>
    private static (int Axis, int Block) Place(OnnxNode node, TensorShape x)
    {
        if (node.Input(1).Shape.Elements == 1)
        {
            return (0, 0);
        }

        var axis = x.NormaliseAxis(node.Int("axis", 1));
        var block = node.Int("block_size", 0);
        return block is >= 0 and <= TensorShape.MaxElements ? (axis, (int)block) : throw new ShapeException($"block_size is {block}");
    }
}
