using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>Gemm: alpha · op(A) · op(B) + beta · C, C broadcast to the product.</summary>
internal static class GemmImport
{
    public static ImmutableArray<Value> Gemm(OnnxNode node, GraphBuilder graph)
    {
        var (a, b) = (node.Input(0), node.Input(1));
        if (a.Shape.Rank != 2 || b.Shape.Rank != 2)
        {
            throw new ShapeException($"matrices of rank 2 were expected, found {a.Shape} and {b.Shape}");
        }

        if (a.Element.IsInteger() && (node.Float("alpha", 1) != 1 || node.Float("beta", 1) is not (0 or 1)))
        {
            return InFloat64(node, graph);
        }

        var op = new MatMul(node.Int("transA", 0) != 0, node.Int("transB", 0) != 0, node.Float("alpha", 1), Clamp.None);
        var beta = node.Float("beta", 1);
        if (!node.HasInput(2) || beta == 0)
        {
            return [graph.Add(op, a, b)];
        }

        var c = beta == 1 ? node.Input(2) : Scaled(graph, node.Input(2), beta);
        var columns = MatMul.Oriented(b.Shape, op.TransposeB)[1];
        if (c.Shape.Elements == columns && (c.Shape.Rank == 0 || c.Shape[c.Shape.Rank - 1] == columns))
        {
            // A reshape that changes nothing would hide a dequantised bias from the passes.
            return [graph.Add(op, a, b, c.Shape.Rank == 1 ? c : graph.Add(new Reshape(new TensorShape(columns)), c))];
        }

        var product = graph.Add(op, a, b);
        var sum = graph.Add(new Binary(BinaryFunction.Add), product, c);
        return sum.Shape == product.Shape
            ? [sum]
            : throw new ShapeException($"C {c.Shape} does not broadcast to the product {product.Shape}");
    }

    /// <summary>Integers with factors that need not be whole.</summary>
    private static ImmutableArray<Value> InFloat64(OnnxNode node, GraphBuilder graph)
    {
        ImmutableArray<Value?> reals = [.. node.Inputs.Select(i => i is null ? null : graph.Add(new Cast(ElementType.Float64), i))];
        return [graph.Add(new Cast(node.Input(0).Element), Gemm(node.WithInputs(reals), graph)[0])];
    }

    /// <summary>com.microsoft FusedGemm: activation(Gemm).</summary>
    public static ImmutableArray<Value> FusedGemm(OnnxNode node, GraphBuilder graph)
    {
        var alpha = node.HasAttribute("activation_alpha") ? node.Float("activation_alpha", 0) : (float?)null;
        float[] parameters = alpha is { } first ? [first] : [];
        parameters = node.HasAttribute("activation_beta") ? [.. parameters, node.Float("activation_beta", 0)] : parameters;
        return [FusedActivation.Apply(node, graph, Gemm(node, graph)[0], parameters)];
    }

    private static Value Scaled(GraphBuilder graph, Value c, float beta)
    {
        var factor =
            c.Element == ElementType.Float64
                ? Tensor.From<double>(c.Element, TensorShape.Scalar, [beta])
                : Tensor.Floats(TensorShape.Scalar, beta);
        return graph.Add(new Binary(BinaryFunction.Mul), c, graph.Constant(factor));
    }
}
