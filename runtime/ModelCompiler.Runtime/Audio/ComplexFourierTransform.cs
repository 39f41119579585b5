using System.Numerics;
using System.Runtime.InteropServices;

namespace ModelCompiler.Audio;

/// <summary>
/// The discrete Fourier transform of complex numbers by Stockham's algorithm (decimation in frequency): each stage writes its results
/// in an order in which the last one's are sorted, so nothing is permuted and the inner loops of most stages run over neighbours.
/// </summary>
internal sealed class ComplexFourierTransform
{
    private readonly int _length;
    private readonly float[] _cosines;
    private readonly float[] _sines;
    private readonly float[] _otherReal;
    private readonly float[] _otherImaginary;

    /// <summary>Prepares transforms of a power of two of numbers.</summary>
    public ComplexFourierTransform(int length)
    {
        _length = length;
        (_cosines, _sines) = Circle(length, length / 2);
        (_otherReal, _otherImaginary) = (new float[length], new float[length]);
    }

    /// <summary>The first powers of e^(−2πi/length): real and imaginary parts.</summary>
    public static (float[] Cosines, float[] Sines) Circle(int length, int count)
    {
        var (cosines, sines) = (new float[count], new float[count]);
        for (var k = 0; k < count; k++)
        {
            var (sine, cosine) = Math.SinCos(-2 * Math.PI * k / length);
            (cosines[k], sines[k]) = ((float)cosine, (float)sine);
        }

        return (cosines, sines);
    }

    /// <summary>Transforms in place.</summary>
    public void Transform(float[] real, float[] imaginary)
    {
        var (from, to) = (new Parts(real, imaginary), new Parts(_otherReal, _otherImaginary));
        for (var stride = 1; stride < _length; stride *= 2)
        {
            if (stride % Vector<float>.Count == 0)
            {
                WideStage(from, to, stride);
            }
            else
            {
                NarrowStage(from, to, stride);
            }

            (from, to) = (to, from);
        }

        if (from.Real != real)
        {
            from.Real.CopyTo(real, 0);
            from.Imaginary.CopyTo(imaginary, 0);
        }
    }

    /// <summary>One stage: sums, and differences turned by a power of the root of unity. Each power serves <paramref name="stride"/> neighbours.</summary>
    private void NarrowStage(Parts from, Parts to, int stride)
    {
        var half = _length / 2;
        for (var start = 0; start < half; start += stride)
        {
            var (cosine, sine) = (_cosines[start], _sines[start]);
            for (var i = start; i < start + stride; i++)
            {
                var (sumReal, sumImaginary) = (from.Real[i] + from.Real[i + half], from.Imaginary[i] + from.Imaginary[i + half]);
                var (real, imaginary) = (from.Real[i] - from.Real[i + half], from.Imaginary[i] - from.Imaginary[i + half]);
                (to.Real[i + start], to.Imaginary[i + start]) = (sumReal, sumImaginary);
                to.Real[i + start + stride] = (real * cosine) - (imaginary * sine);
                to.Imaginary[i + start + stride] = (real * sine) + (imaginary * cosine);
            }
        }
    }

    /// <summary>The same, by vectors.</summary>
    private void WideStage(Parts from, Parts to, int stride)
    {
        var half = _length / 2;
        for (var start = 0; start < half; start += stride)
        {
            var (cosine, sine) = (new Vector<float>(_cosines[start]), new Vector<float>(_sines[start]));
            var firstReal = Vectors(from.Real, start, stride);
            var firstImaginary = Vectors(from.Imaginary, start, stride);
            var secondReal = Vectors(from.Real, start + half, stride);
            var secondImaginary = Vectors(from.Imaginary, start + half, stride);
            var sumReal = Vectors(to.Real, 2 * start, stride);
            var sumImaginary = Vectors(to.Imaginary, 2 * start, stride);
            var turnedReal = Vectors(to.Real, (2 * start) + stride, stride);
            var turnedImaginary = Vectors(to.Imaginary, (2 * start) + stride, stride);
            for (var i = 0; i < firstReal.Length; i++)
            {
                var (real, imaginary) = (firstReal[i] - secondReal[i], firstImaginary[i] - secondImaginary[i]);
                sumReal[i] = firstReal[i] + secondReal[i];
                sumImaginary[i] = firstImaginary[i] + secondImaginary[i];
                turnedReal[i] = (real * cosine) - (imaginary * sine);
                turnedImaginary[i] = (real * sine) + (imaginary * cosine);
            }
        }
    }

    private static Span<Vector<float>> Vectors(float[] numbers, int start, int length) =>
        MemoryMarshal.Cast<float, Vector<float>>(numbers.AsSpan(start, length));

    private readonly record struct Parts(float[] Real, float[] Imaginary);
}
