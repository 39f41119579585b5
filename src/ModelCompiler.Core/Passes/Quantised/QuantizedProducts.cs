using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes.Quantised;

/// <summary>Matrix products of dequantised integers.</summary>
internal static class QuantizedProducts
{
    private sealed record Operands(QuantizedTensor A, QuantizedWeights B, Value? Bias, Node? Transposed, float Scale);

    /// <summary>DequantizeLinear → MatMul or Gemm → Add of a constant → activation → QuantizeLinear.</summary>
    public static bool Fuse(Graph graph, Node node, GraphEdit edit)
    {
        if (QuantizedPattern.End(graph, node) is not { } end)
        {
            return false;
        }

        var (source, added) = BeforeBias(graph, end.Source);
        if (source.Operator is not MatMul op || Read(graph, source, op, added) is not { } operands)
        {
            return false;
        }

        // The product's own bounds lie before an added bias, the rest behind it.
        if (added is not null && op.Activation != Clamp.None)
        {
            return false;
        }

        var requantization = end.Within(op.Activation).Requantization(operands.Scale, operands.B.Grid.Scales);
        var product = new QuantizedMatMul(operands.A.Quantization.ZeroPoint, operands.B.Grid.ZeroPoints, requantization);
        var a = operands.Transposed?.Output ?? operands.A.Integers;
        var fused = QuantizedConvolutions.Named(source, node, product, a, operands.B.Integers, operands.Bias);
        return QuantizedPattern.Replace(node, edit, operands.Transposed is null ? [fused] : [operands.Transposed, fused]);
    }

    /// <summary>The same with a result that stays float: the accumulators are dequantised.</summary>
    public static bool ToFloat(Graph graph, Node node, GraphEdit edit)
    {
        if (node.Operator is not MatMul op || Read(graph, node, op, null) is not { } operands)
        {
            return false;
        }

        var a = operands.Transposed?.Output ?? operands.A.Integers;
        var sums = GraphEdit.NewNode(
            node,
            new QuantizedMatMul(operands.A.Quantization.ZeroPoint, operands.B.Grid.ZeroPoints, null),
            a,
            operands.B.Integers,
            operands.Bias
        );
        var x = operands.A with { Quantization = operands.A.Quantization with { Scale = operands.Scale } };
        var nodes = QuantizedConvolutions.AccumulatorsToFloat(node, sums, x, operands.B, node.Output.Shape.Rank - 1, op.Activation);
        return QuantizedPattern.Replace(node, edit, operands.Transposed is null ? nodes : [operands.Transposed, .. nodes]);
    }

    /// <summary>The product before the addition of a constant; the operator itself where there is none.</summary>
    private static (Node Source, Value? Added) BeforeBias(Graph graph, Node node)
    {
        if (node.Operator is Binary { Function: BinaryFunction.Add })
        {
            for (var side = 0; side < 2; side++)
            {
                var (value, added) = (node.Input(side), node.Input(1 - side));
                if (
                    graph.Producer(value) is { Operator: MatMul } product
                    && graph.OnlyConsumer(value) == node
                    && !product.HasInput(2)
                    && IsRow(added.Shape, value.Shape)
                )
                {
                    return (product, added);
                }
            }
        }

        return (node, null);
    }

    /// <summary>Whether a tensor has one element for each column, or one for all.</summary>
    private static bool IsRow(TensorShape added, TensorShape product) =>
        added.Elements == 1
        || (
            added.Rank > 0
            && product.Rank > 0
            && added.Rank <= product.Rank
            && added[added.Rank - 1] == added.Elements
            && added.Elements == product[product.Rank - 1]
        );

    private static Operands? Read(Graph graph, Node node, MatMul op, Value? added)
    {
        var columns = node.Output.Shape.Rank > 0 ? node.Output.Shape[node.Output.Shape.Rank - 1] : 0;
        if (
            QuantizedPattern.Tensor(graph, node.Input(0)) is not { } a
            || Right(graph, node.Input(1), op.TransposeB) is not { } b
            || node.Input(1).Shape.Rank < 2
            || node.Input(0).Shape.Rank < 2
        )
        {
            return null;
        }

        var scale = (float)(op.Alpha * a.Quantization.Scale);
        var bias = added ?? (node.HasInput(2) ? node.Input(2) : null);
        if (!QuantizedPattern.TryBias(graph, bias, scale, b.Grid, columns, node.Name, out var integers))
        {
            return null;
        }

        var transposed = op.TransposeA ? GraphEdit.NewNode(node, SwapLastTwo(a.Integers.Shape.Rank), a.Integers) : null;
        return new(a, b, integers, transposed, scale);
    }

    /// <summary>The second operand as [.., K, N]: constant weights with scales for each column, or an activation with one scale.</summary>
    private static QuantizedWeights? Right(Graph graph, Value value, bool transposed)
    {
        if (QuantizedPattern.Weights(graph, value) is not { } weights)
        {
            return !transposed && QuantizedPattern.Tensor(graph, value) is { } tensor
                ? new(tensor.Integers, new QuantizationGrid((float[])[tensor.Quantization.Scale], (int[])[tensor.Quantization.ZeroPoint]))
                : null;
        }

        var rank = weights.Integers.Shape.Rank;
        var columnAxis = transposed ? rank - 2 : rank - 1;
        if (rank < 2 || !(weights.Grid.IsPerTensor || (weights.Grid.Axis == columnAxis && rank == 2)))
        {
            return null;
        }

        if (!transposed)
        {
            return weights;
        }

        var swap = SwapLastTwo(rank);
        Value?[] inputs = [weights.Integers];
        return ConstantFolder.TryEvaluate(swap, inputs, swap.Infer(new InferenceContext(inputs))) is [var tensor2]
            ? new(new Value(weights.Integers.Name, tensor2), weights.Grid with { Axis = rank - 1 })
            : null;
    }

    private static Transpose SwapLastTwo(int rank) => new((int[])[.. Enumerable.Range(0, rank - 2), rank - 1, rank - 2]);
}
