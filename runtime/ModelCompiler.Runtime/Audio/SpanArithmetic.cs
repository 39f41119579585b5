using System.Numerics;
using System.Runtime.InteropServices;

namespace ModelCompiler.Audio;

/// <summary>Arithmetic on spans of equal length, by vectors as far as these reach.</summary>
internal static class SpanArithmetic
{
    /// <summary>Σ left·right.</summary>
    public static float SumOfProducts(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        var wideLeft = MemoryMarshal.Cast<float, Vector<float>>(left);
        var wideRight = MemoryMarshal.Cast<float, Vector<float>>(right);
        var sums = Vector<float>.Zero;
        for (var i = 0; i < wideLeft.Length; i++)
        {
            sums += wideLeft[i] * wideRight[i];
        }

        var sum = Vector.Sum(sums);
        for (var i = wideLeft.Length * Vector<float>.Count; i < left.Length; i++)
        {
            sum += left[i] * right[i];
        }

        return sum;
    }

    /// <summary>left·right, element by element.</summary>
    public static void Multiply(ReadOnlySpan<float> left, ReadOnlySpan<float> right, Span<float> products)
    {
        var wideLeft = MemoryMarshal.Cast<float, Vector<float>>(left);
        var wideRight = MemoryMarshal.Cast<float, Vector<float>>(right);
        var wideProducts = MemoryMarshal.Cast<float, Vector<float>>(products);
        for (var i = 0; i < wideLeft.Length; i++)
        {
            wideProducts[i] = wideLeft[i] * wideRight[i];
        }

        for (var i = wideLeft.Length * Vector<float>.Count; i < left.Length; i++)
        {
            products[i] = left[i] * right[i];
        }
    }

    /// <summary>real² + imaginary², in place of the real parts.</summary>
    public static void SquareMagnitudes(Span<float> real, ReadOnlySpan<float> imaginary)
    {
        var wideReal = MemoryMarshal.Cast<float, Vector<float>>(real);
        var wideImaginary = MemoryMarshal.Cast<float, Vector<float>>(imaginary);
        for (var i = 0; i < wideReal.Length; i++)
        {
            wideReal[i] = (wideReal[i] * wideReal[i]) + (wideImaginary[i] * wideImaginary[i]);
        }

        for (var i = wideReal.Length * Vector<float>.Count; i < real.Length; i++)
        {
            real[i] = (real[i] * real[i]) + (imaginary[i] * imaginary[i]);
        }
    }

    /// <summary>The root of each number, in its place.</summary>
    public static void Roots(Span<float> numbers)
    {
        var wide = MemoryMarshal.Cast<float, Vector<float>>(numbers);
        for (var i = 0; i < wide.Length; i++)
        {
            wide[i] = Vector.SquareRoot(wide[i]);
        }

        for (var i = wide.Length * Vector<float>.Count; i < numbers.Length; i++)
        {
            numbers[i] = MathF.Sqrt(numbers[i]);
        }
    }

    /// <summary>Refuses a span of another length.</summary>
    public static void RequireLength(int given, long wanted, string parameter)
    {
        if (given != wanted)
        {
            throw new ArgumentException($"{parameter} has {given} elements, {wanted} are wanted", parameter);
        }
    }
}
