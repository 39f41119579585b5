using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes;

/// <summary>
/// Moves transpositions from the inputs of an operator to its outputs, where the operator allows it
/// (<see cref="ILayoutAgnostic"/>), so that they come to stand beside those that undo them. An input that was not transposed may
/// cost at most a transposition that moves no element.
/// </summary>
internal sealed class SinkTransposes : RewritePass
{
    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit)
    {
        if (node.Operator is not ILayoutAgnostic agnostic)
        {
            return false;
        }

        foreach (var permutation in Candidates(graph, node))
        {
            if (agnostic.WithPermutedAxes(permutation) is { } permuted)
            {
                var nodes = new List<Node>();
                if (InputsBefore(graph, node, edit, permutation, permuted.Inputs, nodes) is { } inputs)
                {
                    Rewrite(node, edit, permuted, inputs, nodes);
                    return true;
                }
            }
        }

        return false;
    }

    private static void Rewrite(Node node, GraphEdit edit, PermutedOperator permuted, Value?[] inputs, List<Node> nodes)
    {
        var moved = GraphEdit.NewNode(node, permuted.Operator, inputs);
        nodes.Add(moved);
        for (var i = 0; i < node.Outputs.Length; i++)
        {
            var after = GraphEdit.NewNode(node, new Transpose(permuted.OutputPermutation), moved.Outputs[i]);
            nodes.Add(after);
            edit.ReplaceUses(node.Outputs[i], after.Output);
        }

        edit.Replace(node, nodes);
    }

    /// <summary>The transpositions of full-rank inputs; those that move elements come first.</summary>
    private static IEnumerable<EquatableArray<int>> Candidates(Graph graph, Node node)
    {
        var rank = node.Inputs.Max(i => i?.Shape.Rank ?? 0);
        return node
            .Inputs.Select(i => graph.Producer(i))
            .Where(p => p is { Operator: Transpose } && p.Output.Shape.Rank == rank)
            .OrderBy(p => MovesElements(p!) ? 0 : 1)
            .Select(p => ((Transpose)p!.Operator).Permutation)
            .Distinct();
    }

    private static bool MovesElements(Node transpose) =>
        !Permutations.KeepsOrder(((Transpose)transpose.Operator).Permutation, transpose.Input(0).Shape);

    private static Value?[]? InputsBefore(
        Graph graph,
        Node node,
        GraphEdit edit,
        EquatableArray<int> permutation,
        int permutedInputs,
        List<Node> added
    )
    {
        var inverse = Permutations.Inverse(permutation);

        // Transpositions may be added only where one that moves elements goes away: else two free ones chase each other for ever.
        var mayAdd = node.Inputs.Any(i =>
            graph.Producer(i) is { Operator: Transpose given } p && given.Permutation == permutation && MovesElements(p)
        );
        var inputs = new Value?[node.Inputs.Length];
        for (var i = 0; i < inputs.Length; i++)
        {
            var input = node.Inputs[i];
            if (input is null || i >= permutedInputs || input.Shape.Rank == 0)
            {
                inputs[i] = input;
            }
            else if (graph.Producer(input) is { Operator: Transpose given } producer && given.Permutation == permutation)
            {
                inputs[i] = producer.Input(0);
            }
            else if (input.Constant is not null)
            {
                inputs[i] = ConstantBefore(input, inverse);
            }
            else if (mayAdd)
            {
                inputs[i] = ExistingBefore(graph, edit, input, inverse) ?? FreeBefore(node, input, inverse, added);
            }

            if (input is not null && inputs[i] is null)
            {
                return null;
            }
        }

        return inputs;
    }

    private static TensorShape Aligned(TensorShape shape, int rank) => new([.. Enumerable.Repeat(1, rank - shape.Rank), .. shape]);

    private static Value? ConstantBefore(Value input, EquatableArray<int> inverse)
    {
        var value = new Value(input.Name, input.Constant!.Reshape(Aligned(input.Shape, inverse.Count)));
        var op = new Transpose(inverse);
        return ConstantFolder.TryEvaluate(op, [value], op.Infer(new InferenceContext([value]))) is [var folded]
            ? new Value(input.Name, folded)
            : null;
    }

    /// <summary>
    /// The same value as somebody else needs it. Only in the direction towards channels-last: else an operator between two such
    /// values would go back and forth.
    /// </summary>
    private static Value? ExistingBefore(Graph graph, GraphEdit edit, Value input, EquatableArray<int> inverse)
    {
        var rank = inverse.Count;
        return rank > 3 && input.Shape.Rank == rank && inverse == Permutations.ToChannelsLast(rank)
            ? graph
                .Consumers(input)
                .FirstOrDefault(c => c.Operator is Transpose t && t.Permutation == inverse && !edit.IsTouched(c))
                ?.Output
            : null;
    }

    /// <summary>The value transposed back, if that moves no element.</summary>
    private static Value? FreeBefore(Node node, Value input, EquatableArray<int> inverse, List<Node> added)
    {
        var shape = Aligned(input.Shape, inverse.Count);
        if (!Permutations.KeepsOrder(inverse, shape))
        {
            return null;
        }

        if (input.Shape != shape)
        {
            added.Add(GraphEdit.NewNode(node, new Reshape(shape), input));
            input = added[added.Count - 1].Output;
        }

        added.Add(GraphEdit.NewNode(node, new Transpose(inverse), input));
        return added[added.Count - 1].Output;
    }
}
