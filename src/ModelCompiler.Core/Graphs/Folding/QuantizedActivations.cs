namespace ModelCompiler.Graphs.Folding;

/// <summary>
/// Activations in float32 as ONNX Runtime computes them, for the tables of quantised networks. They use nothing but additions,
/// multiplications and divisions, so that the tables are the same on every machine.
/// </summary>
internal static class QuantizedActivations
{
    public static float LeakyRelu(float x, float alpha) => x >= 0 ? x : (float)(alpha * x);

    /// <summary>The logistic function as a quotient of polynomials in x, odd over even, for |x| up to 18.</summary>
    public static float Sigmoid(float x)
    {
        var v = Math.Min(Math.Max(x, -18f), 18f);
        var square = (float)(v * v);
        var p = Fma(square, 4.37031012579801e-11f, 1.15627324459942e-07f);
        p = Fma(p, square, 6.08574864600143e-05f);
        p = Fma(p, square, 8.51377133304701e-03f);
        p = Fma(p, square, 2.48287947061529e-01f);
        p = (float)(p * v);
        var q = Fma(square, 6.10247389755681e-13f, 5.76102136993427e-09f);
        q = Fma(q, square, 6.29106785017040e-06f);
        q = Fma(q, square, 1.70198817374094e-03f);
        q = Fma(q, square, 1.16817656904453e-01f);
        q = Fma(q, square, 9.93151921023180e-01f);
        return Math.Min(Math.Max((float)((float)(p / q) + 0.5f), 0f), 1f);
    }

    /// <summary>a · b + c rounded once. The product of floats is exact in double; so is nearly every sum.</summary>
    private static float Fma(float a, float b, float c) => (float)(((double)a * b) + c);
}
