namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// Integer matrix product (ONNX QLinearMatMul, MatMulInteger, com.microsoft QGemm, and DequantizeLinear → MatMul or Gemm →
/// QuantizeLinear). Inputs: a [.., M, K] and b [.., K, N], each Int8 or UInt8 (b is mostly constant), optional constant Int32
/// bias [N]. Exact 32-bit accumulation of (a − a zero point)(b − b zero point) + bias.
/// </summary>
/// <param name="AZeroPoint">Zero point of a.</param>
/// <param name="BZeroPoints">Zero points of b: one, or one for each column.</param>
/// <param name="Output">Requantisation; null where the Int32 accumulators are the output.</param>
public sealed record QuantizedMatMul(int AZeroPoint, EquatableArray<int> BZeroPoints, Requantization? Output) : Operator
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Int8, ElementType.UInt8);
        context.Require(1, ElementType.Int8, ElementType.UInt8);
        return [new(Output?.Element ?? ElementType.Int32, MatMulRules.OutputShape(context.Shape(0), context.Shape(1)))];
    }

    /// <inheritdoc/>
    public override long CountMacs(IReadOnlyList<Value?> inputs, IReadOnlyList<Value> outputs) =>
        (long)outputs[0].Shape.Elements * inputs[0]!.Shape[inputs[0]!.Shape.Rank - 1];
}

/// <summary>Rules that float and integer matrix products share.</summary>
internal static class MatMulRules
{
    /// <summary>NumPy's matmul: rank-1 operands get a dimension that is dropped again, the outer dimensions broadcast.</summary>
    /// <exception cref="ShapeException">An operand is a scalar, or the inner sizes differ.</exception>
    public static TensorShape OutputShape(TensorShape a, TensorShape b)
    {
        if (a.Rank == 0 || b.Rank == 0)
        {
            throw new ShapeException($"a matrix product needs operands of rank 1 or more, found {a} and {b}");
        }

        var left = a.Rank == 1 ? new TensorShape(1, a[0]) : a;
        var right = b.Rank == 1 ? new TensorShape(b[0], 1) : b;
        if (left[left.Rank - 1] != right[right.Rank - 2])
        {
            throw new ShapeException($"the inner sizes of {a} and {b} differ: {left[left.Rank - 1]} and {right[right.Rank - 2]}");
        }

        var outer = TensorShape.Broadcast(new(left.Take(left.Rank - 2)), new(right.Take(right.Rank - 2)));
        return new([
            .. outer,
            .. a.Rank == 1 ? Array.Empty<int>() : [left[left.Rank - 2]],
            .. b.Rank == 1 ? Array.Empty<int>() : [right[right.Rank - 1]],
        ]);
    }
}
