using ModelCompiler.Compression.Calibration;

namespace ModelCompiler.Compression.Quantisation;

/// <summary>How numbers become integers of 8 or 16 bits: q = saturate(round(x / scale) + zero point).</summary>
/// <param name="Scale">Distance of two neighbouring numbers.</param>
/// <param name="ZeroPoint">The integer that stands for 0.</param>
/// <param name="Signed">Whether half of the integers are negative (−128 … 127) rather than none (0 … 255).</param>
/// <param name="Bits">Bits of an integer.</param>
public readonly record struct AffineScale(float Scale, int ZeroPoint, bool Signed, int Bits = 8)
{
    /// <summary>Smaller scales are not used, so that the product of two of them is a normal float.</summary>
    public const float Smallest = 1e-15f;

    /// <summary>Lowest integer.</summary>
    public int Lowest => Signed ? -(1 << (Bits - 1)) : 0;

    /// <summary>Highest integer.</summary>
    public int Highest => Lowest + StepsOf(Bits);

    /// <summary>Number of steps from the lowest integer to the highest.</summary>
    public static int StepsOf(int bits) => (1 << bits) - 1;

    /// <summary>Spreads the integers over a range, which is widened so that it has 0: padding and ReLU need it to be exact.</summary>
    public static AffineScale Of(ValueRange range, bool signed, int bits = 8)
    {
        var (min, max) = (Math.Min((double)range.Min, 0), Math.Max((double)range.Max, 0));
        int lowest = signed ? -(1 << (bits - 1)) : 0;
        var scale = (float)((max - min) / StepsOf(bits));
        if (!(scale >= Smallest))
        {
            return new AffineScale(scale > 0 ? Smallest : 1, lowest, signed, bits);
        }

        var zeroPoint = Math.Round(lowest - (min / scale), MidpointRounding.ToEven);
        return new AffineScale(scale, (int)Math.Clamp(zeroPoint, lowest, lowest + StepsOf(bits)), signed, bits);
    }

    /// <summary>Fixed point: the scale is a power of two, and the integer that stands for 0 is the middle, or the lowest where no number is negative.</summary>
    public static AffineScale PowerOfTwo(ValueRange range, bool signed, int bits = 8)
    {
        var (min, max) = (Math.Min((double)range.Min, 0), Math.Max((double)range.Max, 0));
        var isHalf = signed || min < 0;
        var (lowest, magnitudeBits) = (signed ? -(1 << (bits - 1)) : 0, isHalf ? bits - 1 : bits);
        var scale = PowerOfTwo(Math.Max(max, -min) / (1 << magnitudeBits));
        return new AffineScale(scale, isHalf ? lowest + (1 << (bits - 1)) : lowest, signed, bits);
    }

    /// <summary>The least power of two that is not below a number; 1 where that is 0.</summary>
    public static float PowerOfTwo(double atLeast)
    {
        if (!(atLeast > 0))
        {
            return 1;
        }

        atLeast = Math.Max(atLeast, Smallest);
        var exponent = Math.ILogB(atLeast);
        return (float)Math.ScaleB(1, Math.ScaleB(1, exponent) < atLeast ? exponent + 1 : exponent);
    }

    /// <summary>The integer of a number.</summary>
    public int Quantise(float value) => (int)Math.Clamp(MathF.Round(value / Scale, MidpointRounding.ToEven) + ZeroPoint, Lowest, Highest);
}
