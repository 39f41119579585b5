using ModelCompiler.Compression.Calibration;

namespace ModelCompiler.Compression.Quantisation;

/// <summary>How numbers become 8-bit integers: q = saturate(round(x / scale) + zero point).</summary>
/// <param name="Scale">Distance of two neighbouring numbers.</param>
/// <param name="ZeroPoint">The integer that stands for 0.</param>
/// <param name="Signed">Whether the integers are −128 … 127 rather than 0 … 255.</param>
public readonly record struct AffineScale(float Scale, int ZeroPoint, bool Signed)
{
    /// <summary>Smaller scales are not used, so that the product of two of them is a normal float.</summary>
    public const float Smallest = 1e-15f;

    private const int Steps = 255;

    /// <summary>Lowest integer.</summary>
    public int Lowest => Signed ? sbyte.MinValue : 0;

    /// <summary>Highest integer.</summary>
    public int Highest => Lowest + Steps;

    /// <summary>Spreads the integers over a range, which is widened so that it has 0: padding and ReLU need it to be exact.</summary>
    public static AffineScale Of(ValueRange range, bool signed)
    {
        var (min, max) = (Math.Min((double)range.Min, 0), Math.Max((double)range.Max, 0));
        int lowest = signed ? sbyte.MinValue : byte.MinValue;
        var scale = (float)((max - min) / Steps);
        if (!(scale >= Smallest))
        {
            return new AffineScale(scale > 0 ? Smallest : 1, lowest, signed);
        }

        var zeroPoint = Math.Round(lowest - (min / scale), MidpointRounding.ToEven);
        return new AffineScale(scale, (int)Math.Clamp(zeroPoint, lowest, lowest + Steps), signed);
    }

    /// <summary>The integer of a number, in its byte.</summary>
    public byte Quantise(float value) =>
        unchecked((byte)(int)Math.Clamp(MathF.Round(value / Scale, MidpointRounding.ToEven) + ZeroPoint, Lowest, Highest));
}
