using ModelCompiler.Graphs;

namespace ModelCompiler.Emit.Kernels.Elementwise;

/// <summary>
/// Functions that the base class library lacks, or has in a form that is slower than inference needs. The vector forms keep
/// NaN and infinities, and differ from the exact result by a few units in the last place.
/// </summary>
internal static class LaneFunctions
{
    /// <summary>
    /// A function of one element. Floats go through one lane of the vector form, not through the C library: an element has the same
    /// bits wherever it stands in a row, on every machine with fused multiply-add.
    /// </summary>
    public static string CallScalar(KernelWriter writer, string function, ElementType element, string x)
    {
        if (element == ElementType.Float32)
        {
            return $"{CallVector(writer, function, element, 128, $"Vector128.CreateScalar({x})")}.ToScalar()";
        }

        if (function != "Erf")
        {
            return $"Math.{function}({x})";
        }

        writer.Use(ScalarErf);
        return $"Shared.Erf({x})";
    }

    /// <summary>Calls <c>Shared.Exp</c>, <c>Shared.Tanh</c> or <c>Shared.Erf</c> on a vector.</summary>
    public static string CallVector(KernelWriter writer, string function, ElementType element, int bits, string x)
    {
        if (element != ElementType.Float32)
        {
            return $"Vector{bits}.{function}({x})";
        }

        writer.Use(new SharedCode(function + bits, Vectors[function].Replace("VectorN", $"Vector{bits}")));
        return $"Shared.{function}({x})";
    }

    private static readonly Dictionary<string, string> Vectors = new()
    {
        ["Exp"] = """
            // e to the x: 2 to the n times a polynomial in the rest, |rest| ≤ ln 2 / 2. Results below 2^-126 become 0.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            internal static VectorN<float> Exp(VectorN<float> x)
            {
                var bounded = VectorN.MinNative(VectorN.MaxNative(x, VectorN.Create(-87.336544f)), VectorN.Create(89f));

                // Adding 1.5 · 2^23 rounds to an integer and leaves it in the lowest bits.
                var shifted = VectorN.MultiplyAddEstimate(bounded, VectorN.Create(1.44269504f), VectorN.Create(12582912f));
                var n = shifted - VectorN.Create(12582912f);
                var r = VectorN.MultiplyAddEstimate(n, VectorN.Create(-0.693359375f), bounded);
                r = VectorN.MultiplyAddEstimate(n, VectorN.Create(2.12194440e-4f), r);
                var p = VectorN.Create(1.9875691500e-4f);
                p = VectorN.MultiplyAddEstimate(p, r, VectorN.Create(1.3981999507e-3f));
                p = VectorN.MultiplyAddEstimate(p, r, VectorN.Create(8.3334519073e-3f));
                p = VectorN.MultiplyAddEstimate(p, r, VectorN.Create(4.1665795894e-2f));
                p = VectorN.MultiplyAddEstimate(p, r, VectorN.Create(1.6666665459e-1f));
                p = VectorN.MultiplyAddEstimate(p, r, VectorN.Create(5.0000001201e-1f));
                p = VectorN.MultiplyAddEstimate(p * r, r, r + VectorN<float>.One);

                // 2 to the n may be too large for one float, 2 to the n - 1 times 2 is not.
                var power = ((shifted.AsInt32() + VectorN.Create(126)) << 23).AsSingle();
                var result = p * power * VectorN.Create(2f);
                result = VectorN.ConditionalSelect(VectorN.LessThan(x, VectorN.Create(-87.336544f)), VectorN<float>.Zero, result);
                return VectorN.ConditionalSelect(VectorN.Equals(x, x), result, x);
            }
            """,
        ["Tanh"] = """
            // Hyperbolic tangent as a quotient of polynomials; beyond 9 it is 1 in floats.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            internal static VectorN<float> Tanh(VectorN<float> x)
            {
                var bounded = VectorN.MinNative(VectorN.MaxNative(x, VectorN.Create(-9f)), VectorN.Create(9f));
                var square = bounded * bounded;
                var p = VectorN.Create(-2.76076847742355e-16f);
                p = VectorN.MultiplyAddEstimate(p, square, VectorN.Create(2.00018790482477e-13f));
                p = VectorN.MultiplyAddEstimate(p, square, VectorN.Create(-8.60467152213735e-11f));
                p = VectorN.MultiplyAddEstimate(p, square, VectorN.Create(5.12229709037114e-08f));
                p = VectorN.MultiplyAddEstimate(p, square, VectorN.Create(1.48572235717979e-05f));
                p = VectorN.MultiplyAddEstimate(p, square, VectorN.Create(6.37261928875436e-04f));
                p = VectorN.MultiplyAddEstimate(p, square, VectorN.Create(4.89352455891786e-03f));
                var q = VectorN.Create(1.19825839466702e-06f);
                q = VectorN.MultiplyAddEstimate(q, square, VectorN.Create(1.18534705686654e-04f));
                q = VectorN.MultiplyAddEstimate(q, square, VectorN.Create(2.26843463243900e-03f));
                q = VectorN.MultiplyAddEstimate(q, square, VectorN.Create(4.89352518554385e-03f));
                return VectorN.ConditionalSelect(VectorN.Equals(x, x), bounded * p / q, x);
            }
            """,
        ["Erf"] = """
            // The error function as a quotient of polynomials; beyond 3.832507 it is 1 in floats.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            internal static VectorN<float> Erf(VectorN<float> x)
            {
                var bounded = VectorN.MinNative(VectorN.MaxNative(x, VectorN.Create(-3.832506857f)), VectorN.Create(3.832506857f));
                var square = bounded * bounded;
                var p = VectorN.Create(0.00022905065861350646f);
                p = VectorN.MultiplyAddEstimate(p, square, VectorN.Create(0.0034082910107109506f));
                p = VectorN.MultiplyAddEstimate(p, square, VectorN.Create(0.050955695062380861f));
                p = VectorN.MultiplyAddEstimate(p, square, VectorN.Create(0.18520832239976145f));
                p = VectorN.MultiplyAddEstimate(p, square, VectorN.Create(1.128379143519084f));
                var q = VectorN.Create(-1.1791602954361697e-7f);
                q = VectorN.MultiplyAddEstimate(q, square, VectorN.Create(0.000023547966471313185f));
                q = VectorN.MultiplyAddEstimate(q, square, VectorN.Create(0.0010179625278914885f));
                q = VectorN.MultiplyAddEstimate(q, square, VectorN.Create(0.014070470171167667f));
                q = VectorN.MultiplyAddEstimate(q, square, VectorN.Create(0.11098505178285362f));
                q = VectorN.MultiplyAddEstimate(q, square, VectorN.Create(0.49746925110067538f));
                q = VectorN.MultiplyAddEstimate(q, square, VectorN<float>.One);
                return VectorN.ConditionalSelect(VectorN.Equals(x, x), bounded * p / q, x);
            }
            """,
    };

    private static readonly SharedCode ScalarErf = new(
        "Erf",
        """
        // The error function: 2/√π · exp(-x²) · Σ 2^n x^(2n+1) / (1·3·5…(2n+1)), whose terms are all of one sign.
        internal static double Erf(double x)
        {
            if (Math.Abs(x) > 6)
            {
                return Math.Sign(x);
            }

            double term = x, sum = x;
            for (var n = 1; Math.Abs(term) > 1e-17 * Math.Abs(sum); n++)
            {
                term *= 2 * x * x / (2 * n + 1);
                sum += term;
            }

            return 1.1283791670955126 * Math.Exp(-x * x) * sum;
        }
        """
    );
}
