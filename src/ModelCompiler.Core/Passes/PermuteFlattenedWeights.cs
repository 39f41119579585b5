using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes;

/// <summary>
/// Drops a transposition whose result is flattened and multiplied with a constant matrix: the rows of the matrix change their
/// order instead. That is where a convolutional network turns into a fully connected one.
/// </summary>
internal sealed class PermuteFlattenedWeights : RewritePass
{
    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit)
    {
        if (
            node.Operator is not (QuantizedMatMul or MatMul { TransposeA: false, TransposeB: false })
            || node.Input(1).Constant is not { Shape.Rank: 2 }
            || graph.Producer(node.Input(0)) is not { Operator: Reshape reshape } flatten
            || graph.Producer(flatten.Input(0)) is not { Operator: Transpose transpose } producer
            || FlattenedFrom(flatten.Input(0).Shape, reshape.Shape) is not { } first
            || !Permutations.IsIdentity([.. transpose.Permutation.Take(first)])
            || PermutedRows(node.Input(1), transpose.Permutation, flatten.Input(0).Shape, first) is not { } weights
        )
        {
            return false;
        }

        var flat = GraphEdit.NewNode(flatten, reshape, producer.Input(0));
        var product = GraphEdit.NewNode(node, node.Operator, [flat.Output, weights, .. node.Inputs.Skip(2)]);
        edit.Replace(node, flat, product);
        edit.ReplaceUses(node.Output, product.Output);
        return true;
    }

    /// <summary>The first of the dimensions that become the last one of the flattened shape; null where it is not made of whole ones.</summary>
    private static int? FlattenedFrom(TensorShape from, TensorShape to)
    {
        for (var first = from.Rank; first > 0 && to.Rank > 0; first--)
        {
            if (from.Product(first - 1, from.Rank) == to[to.Rank - 1] && from.Product(0, first - 1) == to.Product(0, to.Rank - 1))
            {
                return first - 1;
            }
        }

        return null;
    }

    private static Value? PermutedRows(Value weights, IReadOnlyList<int> permutation, TensorShape shape, int first)
    {
        var (rows, columns) = (shape.Skip(first), weights.Shape[1]);
        int[] order = [.. Permutations.Inverse([.. permutation.Skip(first).Select(axis => axis - first)]), permutation.Count - first];
        var split = new Value(weights.Name, weights.Constant!.Reshape(new TensorShape([.. rows, columns])));
        var op = new Transpose(order);
        return ConstantFolder.TryEvaluate(op, [split], op.Infer(new InferenceContext([split]))) is [var permuted]
            ? new Value(weights.Name, permuted.Reshape(weights.Shape))
            : null;
    }
}
