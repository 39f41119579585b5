using System.Numerics.Tensors;

namespace ModelCompiler.Compression.Calibration;

/// <summary>The lowest and the highest of some values.</summary>
/// <param name="Min">The lowest.</param>
/// <param name="Max">The highest.</param>
public readonly record struct ValueRange(float Min, float Max)
{
    /// <summary>The range of no values: whatever is joined with it stays as it is.</summary>
    public static ValueRange Empty { get; } = new(float.PositiveInfinity, float.NegativeInfinity);

    /// <summary>The range of the given values; if one is NaN, so are both ends.</summary>
    public static ValueRange Of(ReadOnlySpan<float> values) =>
        values.IsEmpty ? Empty : new ValueRange(TensorPrimitives.Min(values), TensorPrimitives.Max(values));

    /// <summary>Whether both ends are numbers.</summary>
    public bool IsFinite => float.IsFinite(Min) && float.IsFinite(Max);

    /// <summary>The least range that has both.</summary>
    public ValueRange Join(ValueRange other) => new(MathF.Min(Min, other.Min), MathF.Max(Max, other.Max));

    /// <summary>This range with its ends moved by a part of the way to those of another.</summary>
    public ValueRange Toward(ValueRange other, float part) =>
        other == Empty ? this
        : this == Empty ? other
        : new(Min + ((other.Min - Min) * part), Max + ((other.Max - Max) * part));
}
