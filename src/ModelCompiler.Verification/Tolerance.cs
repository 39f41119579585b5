using ModelCompiler.Graphs;

namespace ModelCompiler.Verification;

/// <summary>How far a result may be from the expected one.</summary>
/// <param name="Relative">Allowed difference of floats as a part of the expected value.</param>
/// <param name="Absolute">Allowed difference of floats, on top.</param>
/// <param name="Quanta">Allowed difference of integers of at most 16 bits; wider ones are always exact.</param>
/// <param name="OfLargest">
/// Allowed difference of floats as a part of the tensor's largest magnitude, on top: an element in which large addends cancel keeps
/// their rounding errors, in whatever order they are summed.
/// </param>
public sealed record Tolerance(double Relative, double Absolute, long Quanta = 0, double OfLargest = 0)
{
    /// <summary>Against ONNX Runtime with the same graph: rtol 1e-4, atol 1e-5, and about 8 units in the last place of the largest element.</summary>
    public static Tolerance Float { get; } = new(1e-4, 1e-5, OfLargest: 1e-6);

    /// <summary>Equal elements.</summary>
    public static Tolerance None { get; } = new(0, 0);

    /// <summary>
    /// The same for an element type: results in float16 and bfloat16 may differ by about two units in their last place, because
    /// runtimes round at different points in between; floats of 8 and fewer bits have to be equal.
    /// </summary>
    public Tolerance For(ElementType element) =>
        element switch
        {
            _ when this == None => this,
            ElementType.Float16 => AtLeast(1e-3),
            ElementType.BFloat16 => AtLeast(1e-2),
            _ when element.IsNarrowFloat() => None,
            _ => this,
        };

    private Tolerance AtLeast(double relative) =>
        new(Math.Max(Relative, relative), Math.Max(Absolute, relative / 10), Quanta, OfLargest > 0 ? Math.Max(OfLargest, relative) : 0);
}
