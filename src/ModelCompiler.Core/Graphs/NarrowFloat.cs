using System.Runtime.InteropServices;

namespace ModelCompiler.Graphs;

/// <summary>
/// A floating-point format of at most 16 bits with a sign, and its conversion from and to float32: to the nearest, ties to even.
/// <see cref="PowerOfTwo"/> has the one format that has no sign.
/// </summary>
/// <param name="ExponentBits">Bits of the exponent.</param>
/// <param name="MantissaBits">Bits of the mantissa that are stored.</param>
/// <param name="Bias">What is added to the exponent.</param>
/// <param name="Largest">The code of the largest finite number.</param>
/// <param name="Infinity">The code of infinity; null where there is none.</param>
/// <param name="NotANumber">The code that NaN becomes.</param>
/// <param name="HasNegativeZero">Whether there is a negative zero; where there is none, its code is NaN.</param>
/// <param name="IsFinite">Whether all codes are finite: what is too large becomes the largest, and NaN a negative zero.</param>
internal sealed record NarrowFloat(
    int ExponentBits,
    int MantissaBits,
    int Bias,
    int Largest,
    int? Infinity,
    int NotANumber,
    bool HasNegativeZero = true,
    bool IsFinite = false
)
{
    private static readonly NarrowFloat Float16 = new(5, 10, 15, 0x7BFF, 0x7C00, 0x7E00);
    private static readonly NarrowFloat BFloat16 = new(8, 7, 127, 0x7F7F, 0x7F80, 0x7FC0);
    private static readonly NarrowFloat Float8E4M3FN = new(4, 3, 7, 0x7E, null, 0x7F);
    private static readonly NarrowFloat Float8E4M3FNUZ = new(4, 3, 8, 0x7F, null, 0x80, HasNegativeZero: false);
    private static readonly NarrowFloat Float8E5M2 = new(5, 2, 15, 0x7B, 0x7C, 0x7E);
    private static readonly NarrowFloat Float8E5M2FNUZ = new(5, 2, 16, 0x7F, null, 0x80, HasNegativeZero: false);
    private static readonly NarrowFloat Float4E2M1 = new(2, 1, 1, 0x7, null, 0x8, IsFinite: true);

    /// <summary>The format of an element type; null where it is none of these.</summary>
    public static NarrowFloat? Of(ElementType element) =>
        element switch
        {
            ElementType.Float16 => Float16,
            ElementType.BFloat16 => BFloat16,
            ElementType.Float8E4M3FN => Float8E4M3FN,
            ElementType.Float8E4M3FNUZ => Float8E4M3FNUZ,
            ElementType.Float8E5M2 => Float8E5M2,
            ElementType.Float8E5M2FNUZ => Float8E5M2FNUZ,
            ElementType.Float4E2M1 => Float4E2M1,
            _ => null,
        };

    /// <summary>Bits before the sign.</summary>
    public int MagnitudeBits => ExponentBits + MantissaBits;

    /// <summary>What the bits of a float32 lose.</summary>
    public int DroppedBits => 23 - MantissaBits;

    /// <summary>The bits of the smallest float32 that is a normal number here; 0 where both formats have the same exponents.</summary>
    public int SmallestNormalBits => Bias == 127 ? 0 : (128 - Bias) << 23;

    /// <summary>Number by which the smallest number above 0 is 1.</summary>
    public float SubnormalScale => Bias == 127 ? 0 : PowerOfTwo.Exactly(MantissaBits + Bias - 1);

    /// <summary>What a code whose bits are put to the upper end of a float32's has to be multiplied with.</summary>
    public float CodeScale => PowerOfTwo.Exactly(127 - Bias);

    /// <summary>The number of a code.</summary>
    public float Decode(int code)
    {
        var magnitude = code & ((1 << MagnitudeBits) - 1);
        var negative = (code >> MagnitudeBits & 1) != 0;
        if (HasNegativeZero ? !IsFinite && magnitude > (Infinity ?? Largest) : code == NotANumber)
        {
            return float.NaN;
        }

        var value = magnitude == Infinity ? float.PositiveInfinity : FloatBits.Value(magnitude << DroppedBits) * CodeScale;
        return negative ? -value : value;
    }

    /// <summary>The code of a number.</summary>
    /// <param name="value">The number.</param>
    /// <param name="saturate">Whether numbers beyond the largest become that; else they become infinity or, where there is none, NaN.</param>
    public int Encode(float value, bool saturate)
    {
        var bits = FloatBits.Of(value);
        var (magnitude, sign) = (bits & int.MaxValue, bits < 0 ? 1 << MagnitudeBits : 0);
        if (magnitude > FloatBits.Infinity)
        {
            return HasNegativeZero && !IsFinite ? NotANumber | sign : NotANumber;
        }

        var code =
            magnitude < SmallestNormalBits
                ? (int)Math.Round((double)(FloatBits.Value(magnitude) * SubnormalScale), MidpointRounding.ToEven)
                : ((magnitude + (magnitude >> DroppedBits & 1) + (1 << (DroppedBits - 1)) - 1) >> DroppedBits)
                    - ((127 - Bias) << MantissaBits);
        if (code > Largest)
        {
            code = saturate || IsFinite ? Largest : Infinity ?? NotANumber;
        }

        return code == 0 && !HasNegativeZero ? 0 : code | sign;
    }

    /// <summary>
    /// A float32 that rounds to the same number of this format as the double does: the double cut to 24 bits, whose last is set where
    /// something was cut off.
    /// </summary>
    public static float RoundedToOdd(double value)
    {
        var nearest = (float)value;
        if (nearest == value || double.IsNaN(value))
        {
            return nearest;
        }

        var bits = FloatBits.Of(nearest);
        bits -= Math.Abs((double)nearest) > Math.Abs(value) ? 1 : 0;
        return FloatBits.Value(bits | 1);
    }
}

/// <summary>Floats and their bits.</summary>
internal static class FloatBits
{
    public const int Infinity = 0x7F800000;

    public static int Of(float value) => MemoryMarshal.Cast<float, int>([value])[0];

    public static float Value(int bits) => MemoryMarshal.Cast<int, float>([bits])[0];
}
