using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Movement;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>Copies and fills boxes of elements; every operator that only moves elements becomes one of these.</summary>
/// <param name="Operator">Name of the operator, for people.</param>
/// <param name="ElementBytes">Size of an element: 1, 2, 4 or 8.</param>
/// <param name="Moves">The boxes, in the order in which they are written.</param>
internal sealed record MovementKernel(string Operator, int ElementBytes, EquatableArray<Move> Moves) : Kernel
{
    public override string Describe() =>
        $"{Operator} of {ElementBytes}-byte elements: {string.Join("; ", Moves.Take(MostMovesDescribed).Select(Describe))}"
        + (Moves.Count > MostMovesDescribed ? $"; and {Moves.Count - MostMovesDescribed} more" : "");

    private const int MostMovesDescribed = 4;

    private static string Describe(Move move) =>
        (move.IsFill ? "fill " : "copy ")
        + (move.Axes.Count == 0 ? "1" : string.Join("×", move.Axes.Select(a => move.IsFill ? $"{a.Size}" : $"{a.Size}({a.From}→{a.To})")));

    public static LoweredNode? Lower<T>(T op, Node node, LoweringContext context)
        where T : Operator, IMovement
    {
        var moves = MovePlan.Of(op, [.. node.Inputs.Select(i => i!.Type)], [.. node.Outputs.Select(o => o.Type)]);
        return new(new MovementKernel(op.Name, node.Output.Element.SizeInBytes(), moves), node.Inputs.Select(i => i!).ToArray());
    }
}
