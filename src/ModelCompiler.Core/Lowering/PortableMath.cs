namespace ModelCompiler.Lowering;

/// <summary>Functions by arithmetic alone, so that what is compiled is the same on every machine.</summary>
internal static class PortableMath
{
    private const double Ln2High = 0.693147180369123816490;
    private const double Ln2Low = 1.90821492927058770002e-10;

    /// <summary>e to the x: 2^k · e^r with |r| ≤ ln 2 / 2, the latter by its Taylor series.</summary>
    public static double Exp(double x)
    {
        if (x < -700)
        {
            return 0;
        }

        var k = (int)Math.Round(x / (Ln2High + Ln2Low));
        var r = x - (k * Ln2High) - (k * Ln2Low);
        var sum = 1.0;
        for (var n = 18; n >= 1; n--)
        {
            sum = 1 + (sum * r / n);
        }

        return sum * BitConverter.Int64BitsToDouble((long)(k + 1023) << 52);
    }

    /// <summary>a · b + c rounded once.</summary>
    public static float FusedMultiplyAdd(float a, float b, float c)
    {
        // The product is exact in double. What the sum loses is left in its last bit, so that it cannot look like a tie.
        var product = (double)a * b;
        var sum = product + c;
        var rounded = sum - product;
        var lost = product - (sum - rounded) + (c - rounded);
        var bits = BitConverter.DoubleToInt64Bits(sum);
        if (lost != 0 && (bits & 1) == 0)
        {
            bits += lost > 0 == sum > 0 ? 1 : -1;
        }

        return (float)BitConverter.Int64BitsToDouble(bits);
    }

    /// <summary>Natural logarithm of a positive finite number: k ln 2 + 2 artanh((m − 1) / (m + 1)).</summary>
    public static double Log(double x)
    {
        var bits = BitConverter.DoubleToInt64Bits(x);
        var k = (int)(bits >> 52) - 1023;
        var m = BitConverter.Int64BitsToDouble((bits & 0xFFFFFFFFFFFFF) | (1023L << 52));
        if (m > 1.4142135623730951)
        {
            (m, k) = (m / 2, k + 1);
        }

        var t = (m - 1) / (m + 1);
        var sum = 0.0;
        for (var n = 31; n >= 1; n -= 2)
        {
            sum = (sum * t * t) + (1.0 / n);
        }

        return (k * Ln2High) + ((k * Ln2Low) + (2 * t * sum));
    }
}
