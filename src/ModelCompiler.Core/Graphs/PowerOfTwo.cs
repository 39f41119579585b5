namespace ModelCompiler.Graphs;

/// <summary>Float8E8M0: nothing but an exponent. The sign of what becomes one is dropped.</summary>
internal static class PowerOfTwo
{
    private const int Largest = 0xFE;
    private const int NotANumber = 0xFF;

    // The bits of 2^-127, which is subnormal in float32; those of 2^-126 are twice as many.
    private const int Smallest = 1 << 22;

    /// <summary>A power of two that float32 has as a normal number.</summary>
    public static float Exactly(int exponent) => FloatBits.Value((exponent + 127) << 23);

    public static float Decode(int code) => code == NotANumber ? float.NaN : FloatBits.Value(code == 0 ? Smallest : code << 23);

    /// <summary>The code of a number; beyond the ends it is that of the end or, where it shall not saturate, NaN.</summary>
    public static int Encode(float value, bool saturate, PowerRounding rounding)
    {
        var magnitude = FloatBits.Of(value) & int.MaxValue;
        if (magnitude > FloatBits.Infinity)
        {
            return NotANumber;
        }

        if (magnitude < Smallest)
        {
            return saturate ? 0 : NotANumber;
        }

        var (code, rest) =
            magnitude < 2 * Smallest ? (0, (magnitude - Smallest) << 1) : (magnitude >> 23, magnitude & ((2 * Smallest) - 1));
        code += rounding switch
        {
            PowerRounding.Up => rest > 0 ? 1 : 0,
            PowerRounding.Nearest => rest >= Smallest ? 1 : 0,
            _ => 0,
        };
        return code <= Largest ? code
            : saturate ? Largest
            : NotANumber;
    }
}

/// <summary>How a number between two powers of two becomes one of them.</summary>
public enum PowerRounding
{
    /// <summary>The larger one.</summary>
    Up,

    /// <summary>The smaller one.</summary>
    Down,

    /// <summary>The nearer one; the larger one where both are as near.</summary>
    Nearest,
}
