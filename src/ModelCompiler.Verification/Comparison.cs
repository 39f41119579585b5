using System.Globalization;
using ModelCompiler.Graphs;

namespace ModelCompiler.Verification;

/// <summary>How two tensors compare.</summary>
/// <param name="MaxAbs">Largest absolute difference; NaN where one has a NaN that the other has not, infinity where the types differ.</param>
/// <param name="Differing">Number of elements outside of the tolerance; −1 where the types differ.</param>
/// <param name="FirstDifference">The first element outside of the tolerance, for people; null where all agree.</param>
public sealed record Comparison(double MaxAbs, int Differing, string? FirstDifference)
{
    /// <summary>Whether everything is within the tolerance.</summary>
    public bool Agrees => FirstDifference is null;

    /// <summary>Compares element by element.</summary>
    public static Comparison Of(NamedTensor expected, NamedTensor actual, Tolerance tolerance)
    {
        if (expected.Type != actual.Type)
        {
            return new(double.PositiveInfinity, -1, $"expected {expected.Type}, found {actual.Type}");
        }

        return (expected.Elements, actual.Elements) switch
        {
            (float[] e, float[] a) => OfNumbers(e.Length, i => e[i], i => a[i], tolerance),
            (double[] e, double[] a) => OfNumbers(e.Length, i => e[i], i => a[i], tolerance),
            _ when expected.Type.Element.IsNarrowFloat() => OfNarrowFloats(expected, actual, tolerance),
            _ => OfIntegers(expected.Elements, actual.Elements, tolerance),
        };
    }

    private static Comparison OfNarrowFloats(NamedTensor expected, NamedTensor actual, Tolerance tolerance)
    {
        var (e, a) = (Elements.Reals(expected), Elements.Reals(actual));
        return OfNumbers(e.Length, i => e[i], i => a[i], tolerance.For(expected.Type.Element));
    }

    private static Comparison OfNumbers(int length, Func<int, double> expected, Func<int, double> actual, Tolerance tolerance)
    {
        var absolute = tolerance.Absolute + (tolerance.OfLargest * Largest(length, expected));
        var (max, differing, first) = (0.0, 0, -1);
        for (var i = 0; i < length; i++)
        {
            var (want, got) = (expected(i), actual(i));
            // Equals holds for two NaN and two infinities of one sign, whose difference is NaN.
            if (want.Equals(got) || want == got)
            {
                continue;
            }

            var difference = Math.Abs(want - got);
            max = double.IsNaN(difference) || difference > max ? difference : max;
            if (double.IsInfinity(want) || !(difference <= absolute + (tolerance.Relative * Math.Abs(want))))
            {
                first = differing++ == 0 ? i : first;
            }
        }

        return new(max, differing, differing == 0 ? null : Difference(first, expected(first), actual(first), differing, length));
    }

    private static double Largest(int length, Func<int, double> elements)
    {
        var largest = 0.0;
        for (var i = 0; i < length; i++)
        {
            var magnitude = Math.Abs(elements(i));
            largest = double.IsFinite(magnitude) ? Math.Max(largest, magnitude) : largest;
        }

        return largest;
    }

    private static Comparison OfIntegers(Array expected, Array actual, Tolerance tolerance)
    {
        var narrow = expected is byte[] or sbyte[] or short[] or ushort[];
        var quanta = narrow ? tolerance.Quanta : 0;
        var (max, differing, first) = (Int128.Zero, 0, -1);
        for (var i = 0; i < expected.Length; i++)
        {
            var difference = Int128.Abs(ToInteger(expected, i) - ToInteger(actual, i));
            max = Int128.Max(max, difference);
            if (difference > quanta)
            {
                first = differing++ == 0 ? i : first;
            }
        }

        return new(
            (double)max,
            differing,
            differing == 0 ? null : Difference(first, expected.GetValue(first)!, actual.GetValue(first)!, differing, expected.Length)
        );
    }

    private static Int128 ToInteger(Array elements, int index) =>
        elements switch
        {
            byte[] a => a[index],
            sbyte[] a => a[index],
            short[] a => a[index],
            ushort[] a => a[index],
            int[] a => a[index],
            uint[] a => a[index],
            long[] a => a[index],
            ulong[] a => a[index],
            bool[] a => a[index] ? 1 : 0,
            _ => throw new ArgumentException($"no comparison of {elements.GetType()}", nameof(elements)),
        };

    private static string Difference(int index, object expected, object actual, int differing, int length) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"element {index}: expected {expected}, found {actual}; {differing} of {length} differ"
        );
}
