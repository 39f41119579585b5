using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Movement;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>
/// How a move that swaps two dimensions is done by vectors of 16 bytes: rows that are adjacent in the source are loaded, interleaved
/// until they are columns, and stored adjacent in the target.
/// </summary>
/// <param name="SourceAxis">The loop whose elements are adjacent in the source; those of the innermost loop are in the target.</param>
/// <param name="Rows">Vectors loaded for a tile: a power of two, as many as a vector has elements or fewer.</param>
internal sealed record PlaneTile(int SourceAxis, int Rows);

/// <summary>A move with the way in which it is done; loops and copies where there is no tile.</summary>
internal sealed record MovementStep(Move Move, PlaneTile? Tile = null);

/// <summary>Decides which moves are worth tiles, and leaves to plain moves what tiles do not cover.</summary>
internal static class PlaneTiles
{
    private const int VectorBytes = 16;

    public static IEnumerable<MovementStep> Steps(Move move, int elementBytes, int sourceElements)
    {
        var lanes = VectorBytes / elementBytes;
        var axes = move.Axes;
        var sourceAxis = move.IsFill ? -1 : axes.Items.ToList().FindIndex(a => a.From == 1);
        if (sourceAxis < 0 || sourceAxis == axes.Count - 1 || axes[axes.Count - 1].To != 1)
        {
            return [new(move)];
        }

        var (source, target) = (axes[sourceAxis], axes[axes.Count - 1]);
        if (source.Size >= lanes && target.Size >= lanes)
        {
            return [new(move, new PlaneTile(sourceAxis, lanes))];
        }

        if (target.Size < lanes)
        {
            return FewRows(move, sourceAxis, lanes);
        }

        return target.From > 0 ? ShortRows(move, sourceAxis, lanes, sourceElements) : [new(move)];
    }

    /// <summary>
    /// Few rows, as in an image of three planes: each column is stored a power of two wide, over the begin of the next one, which is
    /// written afterwards. The last column is left to a plain move.
    /// </summary>
    private static IEnumerable<MovementStep> FewRows(Move move, int sourceAxis, int lanes)
    {
        var (source, target) = (move.Axes[sourceAxis], move.Axes[move.Axes.Count - 1]);
        var rows = 2;
        while (rows < target.Size)
        {
            rows *= 2;
        }

        if (rows == target.Size)
        {
            return source.Size >= lanes ? [new(move, new PlaneTile(sourceAxis, rows))] : [new(move)];
        }

        return source.Size > lanes && source.To == target.Size
            ?
            [
                new(Part(move, sourceAxis, 0, source.Size - 1), new PlaneTile(sourceAxis, rows)),
                new(Part(move, sourceAxis, source.Size - 1, 1).Simplified()),
            ]
            : [new(move)];
    }

    /// <summary>Rows shorter than a vector: more is loaded than needed, as long as it lies within the source.</summary>
    private static IEnumerable<MovementStep> ShortRows(Move move, int sourceAxis, int lanes, int sourceElements)
    {
        var innermost = move.Axes.Count - 1;
        var target = move.Axes[innermost];
        var furthest =
            move.From + move.Axes.Where((_, i) => i != innermost && i != sourceAxis).Sum(a => (a.Size - 1) * Math.Max(a.From, 0));
        var safe = Math.Min(target.Size, ((sourceElements - lanes - furthest) / target.From) + 1) / lanes * lanes;
        if (safe < lanes)
        {
            return [new(move)];
        }

        var tiled = new MovementStep(Part(move, innermost, 0, safe), new PlaneTile(sourceAxis, lanes));
        return safe == target.Size ? [tiled] : [tiled, new(Part(move, innermost, safe, target.Size - safe).Simplified())];
    }

    private static Move Part(Move move, int axis, int start, int size) =>
        move with
        {
            Axes = move.Axes.Select((a, i) => i == axis ? a with { Size = size } : a).ToArray(),
            From = move.From + (start * move.Axes[axis].From),
            To = move.To + (start * move.Axes[axis].To),
        };
}
