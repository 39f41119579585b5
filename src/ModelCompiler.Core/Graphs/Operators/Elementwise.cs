using ModelCompiler.Diagnostics;

namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// An operator whose output at an index depends on nothing but its inputs at that index, the inputs being broadcast to the
/// output's shape. Such operators commute with every movement of data and merge with each other.
/// </summary>
public interface IElementwiseOperator : ILayoutAgnostic;

/// <summary>Element types that element-wise operators accept.</summary>
internal static class ElementwiseRules
{
    public static readonly ElementType[] Floats = [ElementType.Float32, ElementType.Float64];

    public static readonly ElementType[] Integers =
    [
        ElementType.Int8,
        ElementType.Int16,
        ElementType.Int32,
        ElementType.Int64,
        ElementType.UInt8,
        ElementType.UInt16,
        ElementType.UInt32,
        ElementType.UInt64,
    ];

    public static readonly ElementType[] Numbers = [.. Floats, .. Integers];

    public static readonly ElementType[] All = [.. Numbers, ElementType.Bool];

    /// <summary>Types whose elements can be moved, chosen and converted, though not all can be computed with.</summary>
    public static readonly ElementType[] Held =
    [
        .. Enum.GetValues(typeof(ElementType)).Cast<ElementType>().Where(e => e.CSharpName() is not null),
    ];

    /// <summary>Whether the operator on elements of this type can be computed on vectors with what .NET offers.</summary>
    public static bool HasVectorForm(Operator op, ElementType element) =>
        op switch
        {
            Unary unary => HasVectorForm(unary.Function, element),
            Binary binary => HasVectorForm(binary.Function, element),
            Where => true,
            _ => false,
        };

    private static bool HasVectorForm(UnaryFunction function, ElementType element) =>
        function switch
        {
            UnaryFunction.Acos
            or UnaryFunction.Acosh
            or UnaryFunction.Asin
            or UnaryFunction.Asinh
            or UnaryFunction.Atan
            or UnaryFunction.Atanh
            or UnaryFunction.Cosh
            or UnaryFunction.Sinh
            or UnaryFunction.Tan => false,
            UnaryFunction.Erf or UnaryFunction.Gelu or UnaryFunction.GeluTanh or UnaryFunction.ScaledTanh or UnaryFunction.Tanh => element
                == ElementType.Float32,
            _ => true,
        };

    private static bool HasVectorForm(BinaryFunction function, ElementType element) =>
        function switch
        {
            BinaryFunction.Div => Floats.Contains(element),
            BinaryFunction.BitShiftLeft
            or BinaryFunction.BitShiftRight
            or BinaryFunction.FloorMod
            or BinaryFunction.Pow
            or BinaryFunction.Remainder => false,
            _ => true,
        };
}

/// <summary>Picks elements of the second or third input by the first, which is bool; all three broadcast (ONNX Where).</summary>
public sealed record Where : Operator, IElementwiseOperator
{
    /// <inheritdoc/>
    public PermutedOperator WithPermutedAxes(EquatableArray<int> permutation) => new(this, permutation);

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Bool);
        context.Require(1, ElementwiseRules.Held);
        return context.Element(1) == context.Element(2)
            ?
            [
                context.Type(1) with
                {
                    Shape = TensorShape.Broadcast(context.Shape(0), TensorShape.Broadcast(context.Shape(1), context.Shape(2))),
                },
            ]
            : throw new ShapeException($"input 1 is {context.Type(1)} but input 2 is {context.Type(2)}; both must have one element type");
    }
}
