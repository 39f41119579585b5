using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Movement;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>Copies and fills boxes of elements; every operator that only moves elements becomes one of these.</summary>
/// <param name="Operator">Name of the operator, for people.</param>
/// <param name="ElementBytes">Size of an element: 1, 2, 4 or 8.</param>
/// <param name="Steps">The boxes, in the order in which they are written.</param>
internal sealed record MovementKernel(string Operator, int ElementBytes, EquatableArray<MovementStep> Steps) : Kernel
{
    public override string Describe() =>
        $"{Operator} of {ElementBytes}-byte elements: {string.Join("; ", Steps.Take(MostMovesDescribed).Select(Describe))}"
        + (Steps.Count > MostMovesDescribed ? $"; and {Steps.Count - MostMovesDescribed} more" : "");

    private const int MostMovesDescribed = 4;

    private static string Describe(MovementStep step)
    {
        var (move, tile) = step;
        var sizes = move.Axes.Select(a => move.IsFill ? $"{a.Size}" : $"{a.Size}({a.From}→{a.To})");
        return (move.IsFill ? "fill " : "copy ")
            + (move.Axes.Count == 0 ? "1" : string.Join("×", sizes))
            + (tile is null ? "" : $" in tiles of {tile.Rows} rows");
    }

    /// <summary>The kernel for some of the moves of a node.</summary>
    public static LoweredNode Lower(Node node, IEnumerable<Move> moves)
    {
        var inputs = node.Inputs.Select(i => i!).ToArray();
        var size = node.Output.Element.SizeInBytes();
        var steps = moves.SelectMany(m => PlaneTiles.Steps(m, size, m.IsFill ? 0 : inputs[m.Input].Shape.Elements));
        return new(new MovementKernel(node.Operator.Name, size, steps.ToArray()), inputs);
    }

    public static LoweredNode? Lower<T>(T op, Node node, LoweringContext context)
        where T : Operator, IMovement =>
        Lower(node, MovePlan.Of(op, [.. node.Inputs.Select(i => i!.Type)], [.. node.Outputs.Select(o => o.Type)]));
}
