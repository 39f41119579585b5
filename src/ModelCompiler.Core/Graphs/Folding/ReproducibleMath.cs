namespace ModelCompiler.Graphs.Folding;

/// <summary>
/// Functions whose results are the same bits on every machine: made of additions, multiplications and divisions of doubles alone,
/// where the platform's own differ in the last place. Accurate to a few units of 2^-52, far below what a float32 holds.
/// </summary>
internal static class ReproducibleMath
{
    private const double Ln2High = 0.693147180369123816490;
    private const double Ln2Low = 1.90821492927058770002e-10;

    /// <summary>e to the x: 2 to the n times a Taylor series over |r| ≤ ln 2 / 2.</summary>
    public static double Exp(double x)
    {
        if (double.IsNaN(x) || x > 710)
        {
            return double.IsNaN(x) ? x : double.PositiveInfinity;
        }

        if (x < -746)
        {
            return 0;
        }

        var n = Math.Floor((x / (Ln2High + Ln2Low)) + 0.5);
        var r = x - (n * Ln2High) - (n * Ln2Low);
        var (term, sum) = (1.0, 1.0);
        for (var k = 1; k <= 16; k++)
        {
            term *= r / k;
            sum += term;
        }

        // In two steps, since 2 to the n alone may be no normal number.
        var half = (int)n / 2;
        return sum * PowerOfTwo(half) * PowerOfTwo((int)n - half);
    }

    /// <summary>Natural logarithm: 2 artanh((m − 1)/(m + 1)) of a mantissa m around 1.</summary>
    public static double Log(double x)
    {
        if (double.IsNaN(x) || x <= 0 || double.IsPositiveInfinity(x))
        {
            return x == 0 ? double.NegativeInfinity
                : x > 0 ? x
                : double.NaN;
        }

        var exponent = 0;
        while (x > 1.4142135623730951)
        {
            var step = x >= 4294967296.0 ? 32 : 1;
            x *= PowerOfTwo(-step);
            exponent += step;
        }

        while (x < 0.70710678118654752)
        {
            var step = x <= 1 / 4294967296.0 ? 32 : 1;
            x *= PowerOfTwo(step);
            exponent -= step;
        }

        var s = (x - 1) / (x + 1);
        var (square, sum) = (s * s, 0.0);
        for (var k = 23; k >= 1; k -= 2)
        {
            sum = (sum * square) + (1.0 / k);
        }

        return (exponent * Ln2High) + ((exponent * Ln2Low) + (2 * s * sum));
    }

    /// <summary>Hyperbolic tangent.</summary>
    public static double Tanh(double x)
    {
        if (Math.Abs(x) < 1e-3)
        {
            var square = x * x;
            return x * (1 - (square * ((1.0 / 3) - (square * 2 / 15))));
        }

        if (Math.Abs(x) > 20)
        {
            return x > 0 ? 1 : -1;
        }

        var e = Exp(2 * x);
        return (e - 1) / (e + 1);
    }

    /// <summary>Error function: 2/√π · exp(−x²) · Σ 2^n x^(2n+1)/(1·3·5…(2n+1)), whose terms are all of one sign.</summary>
    public static double Erf(double x)
    {
        if (double.IsNaN(x) || Math.Abs(x) > 6)
        {
            return double.IsNaN(x) ? x : Math.Sign(x);
        }

        var (term, sum) = (x, x);
        for (var n = 1; Math.Abs(term) > 1e-17 * Math.Abs(sum); n++)
        {
            term *= 2 * x * x / ((2 * n) + 1);
            sum += term;
        }

        return 1.1283791670955126 * Exp(-x * x) * sum;
    }

    /// <summary>cos(2π · turns), exact at quarters.</summary>
    public static double CosineOfTurns(double turns)
    {
        var rest = Math.Abs(turns - Math.Round(turns, MidpointRounding.ToEven));
        return rest <= 0.125 ? Series(rest, 1, 0)
            : rest <= 0.375 ? Series(0.25 - rest, 2 * Math.PI * (0.25 - rest), 1)
            : -Series(0.5 - rest, 1, 0);
    }

    /// <summary>x to the y; whole exponents of moderate size by multiplication, so that they are exact where the result is.</summary>
    public static double Pow(double x, double y)
    {
        if (y == 0 || x == 1)
        {
            return 1;
        }

        if (Math.Floor(y) == y && Math.Abs(y) <= 1024)
        {
            var power = WholePower(x, (int)Math.Abs(y));
            return y < 0 ? 1 / power : power;
        }

        return x >= 0 || double.IsNaN(x) ? Exp(y * Log(x)) : double.NaN;
    }

    /// <summary>The series of the cosine (from power 0) or the sine (from power 1) of at most an eighth of a turn.</summary>
    private static double Series(double turns, double term, int power)
    {
        var angle = 2 * Math.PI * turns;
        var sum = term;
        for (var n = power + 2; n < power + 22; n += 2)
        {
            term *= -angle * angle / (n * (n - 1));
            sum += term;
        }

        return sum;
    }

    private static double WholePower(double x, int exponent)
    {
        var result = 1.0;
        for (; exponent > 0; exponent >>= 1, x *= x)
        {
            if ((exponent & 1) != 0)
            {
                result *= x;
            }
        }

        return result;
    }

    private static double PowerOfTwo(int exponent) => BitConverter.Int64BitsToDouble((exponent + 1023L) << 52);
}
