using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering;

/// <summary>Part of another value's memory.</summary>
/// <param name="Root">The value that has memory of its own.</param>
/// <param name="Offset">Bytes from the root's begin.</param>
internal readonly record struct View(Value Root, int Offset);

/// <summary>
/// Which values lie in the memory of others: reshaped ones, contiguous parts of a tensor, and tensors that are written straight
/// into the place that they have in a joined one.
/// </summary>
internal sealed class ViewTable
{
    private readonly Dictionary<Value, View> _views = [];

    /// <summary>Says that a value begins <paramref name="offset"/> bytes into another.</summary>
    public void Add(Value value, Value within, int offset) => _views.Add(value, new View(within, offset));

    /// <summary>Where a value lies; a value with memory of its own lies at offset 0 of itself.</summary>
    public View this[Value value]
    {
        get
        {
            var view = new View(value, 0);
            while (_views.TryGetValue(view.Root, out var outer))
            {
                view = new View(outer.Root, checked(view.Offset + outer.Offset));
            }

            return view;
        }
    }

    /// <summary>The value whose memory a value lies in.</summary>
    public Value Root(Value value) => this[value].Root;

    /// <summary>Whether a value is all of the memory that it lies in, perhaps in another shape.</summary>
    public bool IsWhole(Value value) => this[value] is { Offset: 0 } view && view.Root.Type.Bytes == value.Type.Bytes;
}
