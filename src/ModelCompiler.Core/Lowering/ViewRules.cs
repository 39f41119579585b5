using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Movement;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering;

/// <summary>Finds the operators that need no code, or less, because their outputs can share memory with their inputs.</summary>
internal sealed class ViewRules(Graph graph, ViewTable views)
{
    /// <summary>A part smaller than this share of its whole is copied, so that the whole need not stay in memory for it.</summary>
    private const int LeastShare = 8;

    /// <summary>Makes the outputs of a node views of its input, if all of them can be.</summary>
    public bool TryView(Node node)
    {
        if (node.Operator is Reshape or BitCast)
        {
            views.Add(node.Output, node.Input(0), 0);
            return true;
        }

        if (node.Operator is not IMovement movement || node.Inputs.Length != 1)
        {
            return false;
        }

        var parts = MovesOf(movement, node);
        if (parts.Length != node.Outputs.Count(o => o.Shape.Elements > 0) || !parts.All(m => IsPart(node, m)))
        {
            return false;
        }

        var size = node.Input(0).Element.SizeInBytes();
        for (var i = 0; i < node.Outputs.Length; i++)
        {
            var offset = parts.FirstOrDefault(m => m.Output == i)?.From * size;
            views.Add(node.Outputs[i], node.Input(0), offset ?? 0);
        }

        return true;
    }

    /// <summary>
    /// Lets the inputs of a Concat along its outermost dimension be written straight into their places. What is left to do are the
    /// moves of the others; null where the node is no such Concat.
    /// </summary>
    public Move[]? TryJoin(Node node)
    {
        if (node.Operator is not Concat concat)
        {
            return null;
        }

        var moves = MovesOf(concat, node);
        if (!moves.All(m => m.IsBlock))
        {
            return null;
        }

        var size = node.Output.Element.SizeInBytes();
        return [.. moves.Where(move => !TryPlace(node.Input(move.Input), node.Output, move.To * size))];
    }

    private bool TryPlace(Value input, Value whole, int offset)
    {
        var root = views.Root(input);
        var free =
            views.IsWhole(input)
            && root != whole
            && root.Constant is null
            && !graph.Inputs.Contains(root)
            && !graph.Outputs.Any(o => views.Root(o.Value) == root);
        if (free)
        {
            views.Add(root, whole, offset);
        }

        return free;
    }

    private bool IsPart(Node node, Move move)
    {
        var output = node.Outputs[move.Output];
        var root = views.Root(node.Input(0));
        var costsMemory = root.Constant is null && !graph.Inputs.Contains(root);
        return move.IsBlock
            && move.To == 0
            && move.Elements == output.Shape.Elements
            && (!costsMemory || (long)output.Type.Bytes * LeastShare >= root.Type.Bytes);
    }

    private static Move[] MovesOf(IMovement movement, Node node) =>
        MovePlan.Of(movement, [.. node.Inputs.Select(i => i!.Type)], [.. node.Outputs.Select(o => o.Type)]);
}
