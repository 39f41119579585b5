using ModelCompiler.Graphs;

namespace ModelCompiler.Sizes;

/// <summary>The shapes that an input or output has for the sizes that are possible.</summary>
/// <param name="Shapes">Its shape in each program, there for one item.</param>
/// <param name="ItemAxis">The dimension that grows with the number of items; null where all items share the tensor.</param>
public sealed record SizedPort(EquatableArray<TensorShape> Shapes, int? ItemAxis)
{
    /// <summary>Whether it has the same number of elements in all programs.</summary>
    public bool HasOneLength => Shapes.All(s => s.Elements == Shapes[0].Elements);

    /// <summary>Its shape in a program.</summary>
    /// <param name="program">Which program.</param>
    /// <param name="items">How many items there are.</param>
    /// <exception cref="ShapeException">So many elements cannot be.</exception>
    public TensorShape Shape(int program, int items) =>
        ItemAxis is { } axis ? Shapes[program].With(axis, checked(Shapes[program][axis] * items)) : Shapes[program];
}
