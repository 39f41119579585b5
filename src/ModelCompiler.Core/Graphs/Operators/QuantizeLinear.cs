namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// ONNX QuantizeLinear (opset 10, 13, 19, 21, 23, and com.microsoft): integer = saturate(round-half-even(x / scale) + zero point).
/// Inputs: x (Float32); where <paramref name="Grid"/> is null also the scales and, optionally, the zero points.
/// </summary>
/// <param name="Element">Type of the output.</param>
/// <param name="Grid">Scales and zero points; null where they are computed at run time.</param>
/// <param name="Axis">Axis of scales that are computed at run time.</param>
/// <param name="BlockSize">Block size of scales that are computed at run time; 0 for none.</param>
public sealed record QuantizeLinear(ElementType Element, QuantizationGrid? Grid, int Axis = 0, int BlockSize = 0)
    : Operator,
        ILayoutAgnostic
{
    /// <inheritdoc/>
    public PermutedOperator? WithPermutedAxes(EquatableArray<int> permutation) =>
        BlockSize > 0 || Grid is { BlockSize: > 0 }
            ? null
            : new(this with { Grid = LinearRules.Permute(Grid, permutation), Axis = permutation[Axis] }, permutation, Inputs: 1);

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Float32);
        LinearRules.CheckScales(context, Grid, Axis, BlockSize);
        return [context.Type(0) with { Element = Element }];
    }
}

/// <summary>
/// ONNX DequantizeLinear (opset 10, 13, 19, 21, 23, and com.microsoft): real = (x − zero point) · scale.
/// Inputs: x (an integer type of up to 32 bits); where <paramref name="Grid"/> is null also the scales and, optionally, the zero points.
/// </summary>
/// <param name="Grid">Scales and zero points; null where they are computed at run time.</param>
/// <param name="Axis">Axis of scales that are computed at run time.</param>
/// <param name="BlockSize">Block size of scales that are computed at run time; 0 for none.</param>
public sealed record DequantizeLinear(QuantizationGrid? Grid, int Axis = 0, int BlockSize = 0) : Operator, ILayoutAgnostic
{
    /// <inheritdoc/>
    public PermutedOperator? WithPermutedAxes(EquatableArray<int> permutation) =>
        BlockSize > 0 || Grid is { BlockSize: > 0 }
            ? null
            : new(this with { Grid = LinearRules.Permute(Grid, permutation), Axis = permutation[Axis] }, permutation, Inputs: 1);

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(
            0,
            ElementType.Int8,
            ElementType.UInt8,
            ElementType.Int16,
            ElementType.UInt16,
            ElementType.Int32,
            ElementType.Int4,
            ElementType.UInt4,
            ElementType.Int2,
            ElementType.UInt2
        );
        LinearRules.CheckScales(context, Grid, Axis, BlockSize);
        return [context.Type(0) with { Element = ElementType.Float32 }];
    }
}

/// <summary>
/// ONNX DynamicQuantizeLinear (opset 11): quantises to the range that x really has. Outputs: y (UInt8), its scale (Float32
/// scalar), its zero point (UInt8 scalar).
/// </summary>
public sealed record DynamicQuantizeLinear : Operator
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Float32);
        return
        [
            context.Type(0) with
            {
                Element = ElementType.UInt8,
            },
            new(ElementType.Float32, TensorShape.Scalar),
            new(ElementType.UInt8, TensorShape.Scalar),
        ];
    }
}

/// <summary>Rules that quantising and dequantising share.</summary>
internal static class LinearRules
{
    public static QuantizationGrid? Permute(QuantizationGrid? grid, EquatableArray<int> permutation) =>
        grid is { IsPerAxis: true } ? grid with { Axis = permutation[grid.Axis] } : grid;

    public static void CheckScales(InferenceContext context, QuantizationGrid? grid, int axis, int blockSize)
    {
        if (grid is not null)
        {
            QuantizationRules.Check(context.Shape(0), grid.Axis, grid.BlockSize, grid.Scales.Count);
            return;
        }

        context.Require(1, ElementType.Float32);
        var scales = context.Shape(1).Elements;
        QuantizationRules.Check(context.Shape(0), axis, blockSize, scales);
        if (context.Has(2) && context.Shape(2).Elements != scales)
        {
            throw new ShapeException($"there are {scales} scales but {context.Shape(2).Elements} zero points");
        }
    }
}
