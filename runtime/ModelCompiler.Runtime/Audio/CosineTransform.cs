namespace ModelCompiler.Audio;

/// <summary>
/// The first coefficients of an orthonormal DCT-II, y[k] = s[k] · Σ x[n]·cos(πk(2n + 1)/2N) with s[0] = √(1/N) and √(2/N) else: a matrix, because
/// both numbers are small.
/// </summary>
internal sealed class CosineTransform
{
    private readonly int _inputs;
    private readonly float[] _matrix;

    public CosineTransform(int inputs, int coefficients)
    {
        _inputs = inputs;
        _matrix = new float[coefficients * inputs];
        for (var i = 0; i < _matrix.Length; i++)
        {
            var (k, n) = (i / inputs, i % inputs);
            _matrix[i] = (float)(Math.Sqrt((k == 0 ? 1d : 2d) / inputs) * Math.Cos(Math.PI * k * ((2 * n) + 1) / (2d * inputs)));
        }
    }

    public void Transform(ReadOnlySpan<float> inputs, Span<float> coefficients)
    {
        for (var k = 0; k < coefficients.Length; k++)
        {
            coefficients[k] = SpanArithmetic.SumOfProducts(inputs, _matrix.AsSpan(k * _inputs, _inputs));
        }
    }
}
