namespace ModelCompiler.Graphs.Movement;

/// <summary>One loop of a <see cref="Move"/>.</summary>
/// <param name="Size">How often it runs.</param>
/// <param name="From">Elements between two steps in the source: 0 repeats one element, a negative number goes backwards.</param>
/// <param name="To">Elements between two steps in the target.</param>
internal readonly record struct MoveAxis(int Size, int From, int To);

/// <summary>A box of elements that is copied from an input to an output, or filled with one value. All numbers count elements.</summary>
/// <param name="Input">The input that is read; −1 where the box is filled with <paramref name="Fill"/>.</param>
/// <param name="Output">The output that is written.</param>
/// <param name="Axes">The loops, outermost first.</param>
/// <param name="From">Position of the first element that is read.</param>
/// <param name="To">Position of the first element that is written.</param>
/// <param name="Fill">The bits of the element that a filled box consists of.</param>
internal sealed record Move(int Input, int Output, EquatableArray<MoveAxis> Axes, int From, int To, ulong Fill = 0)
{
    /// <summary>Whether the box is filled instead of copied.</summary>
    public bool IsFill => Input < 0;

    /// <summary>Number of elements that are written.</summary>
    public int Elements => Axes.Aggregate(1, (product, axis) => product * axis.Size);

    /// <summary>Whether source and target are each one run of adjacent elements; holds for simplified moves only.</summary>
    public bool IsBlock => !IsFill && (Axes.Count == 0 || Axes is [{ From: 1, To: 1 }]);

    /// <summary>The same move in as few loops as possible.</summary>
    public Move Simplified()
    {
        var axes = new List<MoveAxis>();
        foreach (var axis in Axes.Where(a => a.Size != 1))
        {
            var inner = IsFill ? axis with { From = 0 } : axis;
            if (axes.Count > 0 && axes[axes.Count - 1] is var outer && Continues(outer, inner))
            {
                axes[axes.Count - 1] = inner with { Size = outer.Size * inner.Size };
            }
            else
            {
                axes.Add(inner);
            }
        }

        return this with
        {
            Axes = axes.ToArray(),
        };
    }

    private static bool Continues(MoveAxis outer, MoveAxis inner) =>
        outer.From == inner.From * inner.Size && outer.To == inner.To * inner.Size;
}

/// <summary>
/// An operator that only puts elements elsewhere, at positions known at compile time. What it does to each element type, at
/// compile time and at run time, follows from its moves alone.
/// </summary>
internal interface IMovement
{
    /// <summary>Boxes that together write every element of every output once.</summary>
    IEnumerable<Move> Moves(IReadOnlyList<TensorType> inputs, IReadOnlyList<TensorType> outputs);
}
