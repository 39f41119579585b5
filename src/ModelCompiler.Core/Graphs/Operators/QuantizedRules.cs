namespace ModelCompiler.Graphs.Operators;

/// <summary>Rules of quantised operators that importing and fusing share.</summary>
internal static class QuantizedRules
{
    /// <summary>
    /// A sum or product of quantised tensors. The order of the operands decides how a sum is rounded: ONNX Runtime takes one that is
    /// constant along the innermost dimension second, so the operands are swapped where that is the first alone.
    /// </summary>
    public static QuantizedBinary Binary(
        QuantizedFunction function,
        Quantization a,
        Quantization b,
        Quantization y,
        TensorShape aShape,
        TensorShape bShape,
        out bool swapped
    )
    {
        swapped = IsScalarAlongInnermost(aShape, bShape);
        return swapped ? new QuantizedBinary(function, b, a, y) : new QuantizedBinary(function, a, b, y);
    }

    /// <summary>Whether, in the innermost dimension in which the result has several elements, a has one and b has not.</summary>
    private static bool IsScalarAlongInnermost(TensorShape a, TensorShape b)
    {
        for (var back = 1; back <= Math.Max(a.Rank, b.Rank); back++)
        {
            var (left, right) = (back <= a.Rank ? a[a.Rank - back] : 1, back <= b.Rank ? b[b.Rank - back] : 1);
            if (left > 1 || right > 1)
            {
                return left == 1;
            }
        }

        return false;
    }
}
