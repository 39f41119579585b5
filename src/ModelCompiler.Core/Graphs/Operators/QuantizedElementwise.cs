namespace ModelCompiler.Graphs.Operators;

/// <summary>The function of two quantised tensors that <see cref="QuantizedBinary"/> computes.</summary>
public enum QuantizedFunction
{
    /// <summary>a + b.</summary>
    Add,

    /// <summary>a · b.</summary>
    Mul,
}

/// <summary>
/// Sum or product of two quantised 8-bit tensors that broadcast to each other (com.microsoft QLinearAdd, QLinearMul).
/// With float32 ra = a scale / y scale, rb = b scale / y scale and f = y zero − fma(ra, a zero, rb · b zero), a sum is
/// round-half-even(fma(a, ra, fma(b, rb, f))); a product is round-half-even((a − a zero)(b − b zero) · s + y zero) with
/// s = (a scale · b scale) / y scale. Both are then clamped.
/// </summary>
/// <param name="Function">Sum or product.</param>
/// <param name="A">Quantisation of a.</param>
/// <param name="B">Quantisation of b.</param>
/// <param name="Y">Quantisation of the output.</param>
/// <param name="Low">Lowest output: the type's, or higher where an activation is fused in.</param>
/// <param name="High">Highest output.</param>
/// <param name="Storage">
/// Type that all tensors have in memory. Where it is not that of a quantisation, the integers lie 128 away from those that the
/// arithmetic is defined by; the rounding of the sum depends on the zero points, so they cannot simply be moved as well.
/// </param>
public sealed record QuantizedBinary(
    QuantizedFunction Function,
    Quantization A,
    Quantization B,
    Quantization Y,
    int Low,
    int High,
    ElementType Storage
) : Operator, IElementwiseOperator
{
    /// <summary>The operator without activation, stored as its quantisations say.</summary>
    public QuantizedBinary(QuantizedFunction function, Quantization a, Quantization b, Quantization y)
        : this(function, a, b, y, (int)y.Element.LowestValue(), (int)y.Element.HighestValue(), y.Element) { }

    /// <inheritdoc/>
    public override string Name => "Quantized" + Function;

    /// <inheritdoc/>
    public PermutedOperator WithPermutedAxes(EquatableArray<int> permutation) => new(this, permutation);

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, Storage);
        context.Require(1, Storage);
        return [new(Storage, TensorShape.Broadcast(context.Shape(0), context.Shape(1)))];
    }
}

/// <summary>
/// An element-wise function of an 8-bit tensor as a table of its 256 results: an activation between two quantisations
/// (com.microsoft QLinearSigmoid, QLinearLeakyRelu), or a change of scale and zero point.
/// </summary>
/// <param name="Element">Int8 or UInt8: type of the output.</param>
/// <param name="Table">The results as bytes; entry i belongs to the input whose bits are those of the byte i.</param>
public sealed record LookupTable(ElementType Element, EquatableArray<byte> Table) : Operator, IElementwiseOperator
{
    /// <summary>The table of a function of integers.</summary>
    /// <param name="input">Type of the input.</param>
    /// <param name="output">Type of the output.</param>
    /// <param name="function">From an input's integer to the output's.</param>
    public static LookupTable Of(ElementType input, ElementType output, Func<int, int> function) =>
        new(
            output,
            Enumerable.Range(0, 256).Select(i => unchecked((byte)function(input == ElementType.Int8 ? (sbyte)(byte)i : i))).ToArray()
        );

    /// <inheritdoc/>
    public PermutedOperator WithPermutedAxes(EquatableArray<int> permutation) => new(this, permutation);

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Int8, ElementType.UInt8);
        return Table.Count == 256
            ? [context.Type(0) with { Element = Element }]
            : throw new ShapeException($"a table of 256 entries was expected, found {Table.Count}");
    }
}
