using System.Numerics;

namespace ModelCompiler.Audio;

/// <summary>
/// The discrete Fourier transform of real samples, X[k] = Σ x[n]·e^(−2πikn/N) for k from 0 to N/2: the other bins are the complex conjugates of
/// these. An instance owns its working memory: one a thread.
/// </summary>
public sealed class RealFourierTransform
{
    /// <summary>The longest transform.</summary>
    public const int MostLength = 1 << 16;

    private readonly ComplexFourierTransform _half;
    private readonly float[] _real;
    private readonly float[] _imaginary;
    private readonly float[] _cosines;
    private readonly float[] _sines;

    /// <summary>Prepares transforms of one length.</summary>
    /// <param name="length">Number of samples N, a power of two from 2 to <see cref="MostLength"/>.</param>
    /// <exception cref="ArgumentException">The length is another.</exception>
    public RealFourierTransform(int length)
    {
        if (!IsLength(length))
        {
            throw new ArgumentException($"a transform has a power of two of samples, 2 to {MostLength}; {length} is none", nameof(length));
        }

        Length = length;
        _half = new ComplexFourierTransform(length / 2);
        (_real, _imaginary) = (new float[length / 2], new float[length / 2]);
        (_cosines, _sines) = ComplexFourierTransform.Circle(length, (length / 4) + 1);
    }

    /// <summary>Number of samples.</summary>
    public int Length { get; }

    /// <summary>Number of bins, N/2 + 1. Bin k stands for the frequency k · sample rate / N.</summary>
    public int Bins => (Length / 2) + 1;

    internal static bool IsLength(int length) => length is >= 2 and <= MostLength && BitOperations.IsPow2(length);

    /// <summary>Transforms samples. Nothing is allocated.</summary>
    /// <param name="samples">The samples, <see cref="Length"/> of them.</param>
    /// <param name="real">Real parts of the bins, <see cref="Bins"/> of them.</param>
    /// <param name="imaginary">Imaginary parts of the bins, as many.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public void Transform(ReadOnlySpan<float> samples, Span<float> real, Span<float> imaginary)
    {
        SpanArithmetic.RequireLength(samples.Length, Length, nameof(samples));
        SpanArithmetic.RequireLength(real.Length, Bins, nameof(real));
        SpanArithmetic.RequireLength(imaginary.Length, Bins, nameof(imaginary));

        // Even samples as real and odd ones as imaginary parts: a complex transform of half the length does for both.
        for (var i = 0; i < _real.Length; i++)
        {
            (_real[i], _imaginary[i]) = (samples[2 * i], samples[(2 * i) + 1]);
        }

        _half.Transform(_real, _imaginary);
        Separate(real, imaginary);
    }

    /// <summary>
    /// Takes the spectra E of the even and O of the odd samples apart, and puts the whole one together: X[k] = E[k] + w·O[k] and
    /// X[N/2 − k] = conj(E[k] − w·O[k]) with w = e^(−2πik/N).
    /// </summary>
    private void Separate(Span<float> real, Span<float> imaginary)
    {
        var half = Length / 2;
        (real[0], imaginary[0]) = (_real[0] + _imaginary[0], 0);
        (real[half], imaginary[half]) = (_real[0] - _imaginary[0], 0);
        for (var k = 1; k <= half / 2; k++)
        {
            var (a, b, c, d) = (_real[k], _imaginary[k], _real[half - k], _imaginary[half - k]);
            var (evenReal, evenImaginary) = ((a + c) / 2, (b - d) / 2);
            var (oddReal, oddImaginary) = ((b + d) / 2, (c - a) / 2);
            var turnedReal = (oddReal * _cosines[k]) - (oddImaginary * _sines[k]);
            var turnedImaginary = (oddReal * _sines[k]) + (oddImaginary * _cosines[k]);
            (real[half - k], imaginary[half - k]) = (evenReal - turnedReal, turnedImaginary - evenImaginary);
            (real[k], imaginary[k]) = (evenReal + turnedReal, evenImaginary + turnedImaginary);
        }
    }
}
