namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// The integers of the other 8-bit type that stand for the same numbers under a zero point that is 128 away: Int8 −128 … 127
/// becomes UInt8 0 … 255, or the other way round. The bytes differ in their highest bit.
/// </summary>
public sealed record FlipSign : Operator, IElementwiseOperator
{
    /// <inheritdoc/>
    public PermutedOperator WithPermutedAxes(EquatableArray<int> permutation) => new(this, permutation);

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Int8, ElementType.UInt8);
        return [context.Type(0) with { Element = context.Element(0) == ElementType.Int8 ? ElementType.UInt8 : ElementType.Int8 }];
    }

    /// <summary>The same for a constant.</summary>
    public static Tensor Of(Tensor tensor) =>
        Tensor.FromBytes(
            tensor.Type with
            {
                Element = tensor.Element == ElementType.Int8 ? ElementType.UInt8 : ElementType.Int8,
            },
            [.. tensor.Bytes.ToArray().Select(b => (byte)(b ^ 0x80))]
        );
}
