using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes;

/// <summary>
/// Moves a transposition behind a Reshape that splits dimensions, or joins ones that were neighbours before the transposition
/// too: Reshape(Transpose(x)) becomes Transpose(Reshape(x)).
/// </summary>
internal sealed class SinkTransposesThroughReshapes : RewritePass
{
    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit)
    {
        if (
            node.Operator is not Reshape reshape
            || graph.Producer(node.Input(0)) is not { Operator: Transpose transpose } producer
            || Move(transpose.Permutation, node.Input(0).Shape, reshape.Shape) is not { } moved
        )
        {
            return false;
        }

        var before = GraphEdit.NewNode(node, new Reshape(moved.Shape), producer.Input(0));
        var after = GraphEdit.NewNode(node, new Transpose(moved.Permutation), before.Output);
        edit.Replace(node, before, after);
        edit.ReplaceUses(node.Output, after.Output);
        return true;
    }

    /// <summary>
    /// The Reshape for the tensor before the transposition, and the transposition after it; null where dimensions are joined that
    /// the transposition has brought together.
    /// </summary>
    internal static (TensorShape Shape, EquatableArray<int> Permutation)? Move(
        IReadOnlyList<int> permutation,
        TensorShape from,
        TensorShape to
    )
    {
        var groups = new List<(int Position, int Begin, int End)>();
        foreach (var (fromBegin, fromEnd, toBegin, toEnd) in Groups(from, to))
        {
            int[] sources =
            [
                .. Enumerable.Range(fromBegin, fromEnd - fromBegin).Where(axis => from[axis] != 1).Select(axis => permutation[axis]),
            ];
            for (var i = 1; i < sources.Length; i++)
            {
                // Only dimensions of size 1 may stand between two neighbours.
                if (sources[i] <= sources[i - 1] || permutation.Any(p => p > sources[i - 1] && p < sources[i] && SizeAt(p) != 1))
                {
                    return null;
                }
            }

            groups.Add((sources.Length > 0 ? sources[0] : permutation[Math.Min(fromBegin, from.Rank - 1)], toBegin, toEnd));
        }

        int[] order = [.. groups.OrderBy(g => g.Position).ThenBy(g => g.Begin).SelectMany(g => Enumerable.Range(g.Begin, g.End - g.Begin))];
        return (new TensorShape(order.Select(axis => to[axis])), Permutations.Inverse(order));

        int SizeAt(int position) => from[permutation.TakeWhile(p => p != position).Count()];
    }

    /// <summary>The smallest runs of dimensions that hold the same elements in both shapes.</summary>
    private static IEnumerable<(int FromBegin, int FromEnd, int ToBegin, int ToEnd)> Groups(TensorShape from, TensorShape to)
    {
        var (i, j) = (0, 0);
        while (i < from.Rank || j < to.Rank)
        {
            var (fromBegin, toBegin) = (i, j);
            long left = i < from.Rank ? from[i++] : 1;
            long right = j < to.Rank ? to[j++] : 1;
            while (left != right)
            {
                if (left < right)
                {
                    left *= from[i++];
                }
                else
                {
                    right *= to[j++];
                }
            }

            yield return (fromBegin, i, toBegin, j);
        }
    }
}
