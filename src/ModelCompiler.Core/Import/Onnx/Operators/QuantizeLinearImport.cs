using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>QuantizeLinear and DequantizeLinear of both domains, and DynamicQuantizeLinear.</summary>
internal static class QuantizeLinearImport
{
    public static ImmutableArray<Value> QuantizeLinear(OnnxNode node, GraphBuilder graph)
    {
        var x = node.Input(0);
        if (x.Element != ElementType.Float32)
        {
            throw node.Unsupported($"x is {x.Type}; supported: Float32");
        }

        var element = OutputElement(node);
        var (axis, block) = Place(node, x.Shape);
        return QuantizationImport.AreConstant(node, 1, 2)
            ? [graph.Add(new QuantizeLinear(element, QuantizationImport.Grid(node, 1, 2, element, axis, "y", block)), x)]
            : [graph.Add(new QuantizeLinear(element, null, axis, block), x, node.Input(1), node.OptionalInput(2))];
    }

    public static ImmutableArray<Value> DequantizeLinear(OnnxNode node, GraphBuilder graph)
    {
        var x = node.Input(0);
        if (node.Int("output_dtype", 0) is not (0 or (long)ElementType.Float32))
        {
            throw node.Unsupported($"output_dtype {node.Int("output_dtype", 0)}; supported: {(int)ElementType.Float32} (float)");
        }

        var (axis, block) = Place(node, x.Shape);
        return QuantizationImport.AreConstant(node, 1, 2)
            ? [graph.Add(new DequantizeLinear(QuantizationImport.Grid(node, 1, 2, x.Element, axis, "x", block)), x)]
            : [graph.Add(new DequantizeLinear(null, axis, block), x, node.Input(1), node.OptionalInput(2))];
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

        return
            element
                is ElementType.Int8
                    or ElementType.UInt8
                    or ElementType.Int16
                    or ElementType.UInt16
                    or ElementType.Int4
                    or ElementType.UInt4
            ? element
            : throw node.Unsupported($"the output is {element}; supported: Int8, UInt8, Int16, UInt16, Int4, UInt4");
    }

    /// <summary>Axis and block size. The axis counts only where there are several scales: it may lie outside of a tensor that has one.</summary>
    private static (int Axis, int Block) Place(OnnxNode node, TensorShape x)
    {
        var scale = node.Input(1);
        if (scale.Element != ElementType.Float32)
        {
            throw node.Unsupported($"the scale is {scale.Type}; supported: Float32");
        }

        if (scale.Shape.Elements == 1)
        {
            return (0, 0);
        }

        var axis = x.NormaliseAxis(node.Int("axis", 1));
        var block = node.Int("block_size", 0);
        if (block is < 0 or > TensorShape.MaxElements)
        {
            throw new ShapeException($"block_size is {block}");
        }

        return (axis, (int)block);
    }
}
