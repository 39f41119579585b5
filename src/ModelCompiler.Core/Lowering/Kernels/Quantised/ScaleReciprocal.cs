using System.Runtime.InteropServices;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels.Quantised;

/// <summary>
/// The reciprocal of a scale as the sum of two floats: fma(x, <paramref name="High"/>, x · <paramref name="Low"/>) in the place of
/// x / scale, where that is proved to quantise every float alike. Divisions take five times as long.
/// </summary>
/// <param name="High">The greatest float that is not above the reciprocal.</param>
/// <param name="Low">What is missing; 0 where nothing is, for a power of two. Never negative, so that infinities stay what they are.</param>
internal sealed record ScaleReciprocal(float High, float Low)
{
    // Far from where anything under- or overflows before it is far outside of 8 bits, or far below a half.
    private const float Smallest = 1e-20f;
    private const float Greatest = 1e20f;

    /// <summary>The reciprocal of the scale, or null where it does not quantise like the division.</summary>
    public static ScaleReciprocal? Of(Quantization quantization)
    {
        var scale = quantization.Scale;
        if (scale is < Smallest or > Greatest)
        {
            return null;
        }

        // Products of floats are exact in double.
        var high = (float)(1.0 / scale);
        if ((double)high * scale > 1)
        {
            high = Next(high, -1);
        }

        var reciprocal = new ScaleReciprocal(high, (float)((1 - ((double)high * scale)) / scale));
        return reciprocal.QuantisesLikeDivision(quantization) ? reciprocal : null;
    }

    /// <summary>
    /// Both the quotient and what stands for it never fall where x rises: they quantise alike if each integer begins at the same
    /// float with both.
    /// </summary>
    private bool QuantisesLikeDivision(Quantization quantization)
    {
        var (scale, zero) = (quantization.Scale, quantization.ZeroPoint);
        for (var integer = (int)quantization.Element.LowestValue() + 1; integer <= quantization.Element.HighestValue(); integer++)
        {
            var level = integer - zero;
            var first = FirstOf(level, scale);
            if (!Reaches(Quotient(first), level) || Reaches(Quotient(Next(first, -1)), level))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The lowest float whose quotient is rounded to a level or above.</summary>
    private static float FirstOf(int level, float scale)
    {
        var x = (float)((level - 0.5) * scale);
        while (Reaches(x / scale, level))
        {
            x = Next(x, -1);
        }

        while (!Reaches((float)(x / scale), level))
        {
            x = Next(x, 1);
        }

        return x;
    }

    private static bool Reaches(float quotient, int level) => Math.Round((double)quotient, MidpointRounding.ToEven) >= level;

    private float Quotient(float x) => Low == 0 ? (float)(x * High) : PortableMath.FusedMultiplyAdd(x, High, (float)(x * Low));

    /// <summary>The neighbour of a float other than 0 that is higher or lower.</summary>
    private static float Next(float value, int direction)
    {
        var bits = MemoryMarshal.Cast<float, int>([value])[0];
        return MemoryMarshal.Cast<int, float>([bits + (value > 0 ? direction : -direction)])[0];
    }
}
