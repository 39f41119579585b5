namespace ModelCompiler.Graphs.Movement;

/// <summary>Makes the moves that several operators consist of.</summary>
internal static class Boxes
{
    /// <summary>Copies a box with one loop a dimension.</summary>
    public static Move Copy(
        int input,
        int output,
        IReadOnlyList<int> sizes,
        IReadOnlyList<int> fromStrides,
        IReadOnlyList<int> toStrides,
        int from,
        int to
    ) => new(input, output, sizes.Select((size, axis) => new MoveAxis(size, fromStrides[axis], toStrides[axis])).ToArray(), from, to);

    /// <summary>A move from the only input to the only output.</summary>
    public static Move Copy(IEnumerable<MoveAxis> axes, int from = 0, int to = 0) => new(0, 0, axes.ToArray(), from, to);

    /// <summary>Fills a box of the only output.</summary>
    public static Move Fill(IReadOnlyList<int> sizes, IReadOnlyList<int> toStrides, int to, ulong value) =>
        new(-1, 0, sizes.Select((size, axis) => new MoveAxis(size, 0, toStrides[axis])).ToArray(), 0, to, value);
}
