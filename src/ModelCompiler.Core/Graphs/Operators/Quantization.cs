namespace ModelCompiler.Graphs.Operators;

/// <summary>How integers stand for real numbers: real = (integer − zero point) · scale. One scale for a whole tensor.</summary>
/// <param name="Scale">Size of one quantum.</param>
/// <param name="ZeroPoint">The integer that stands for 0.</param>
/// <param name="Element">Type of the integers.</param>
public sealed record Quantization(float Scale, int ZeroPoint, ElementType Element)
{
    /// <summary>The real number that an integer stands for, as ONNX DequantizeLinear computes it.</summary>
    public float Dequantize(int quantised) => QuantizationRules.Dequantize(quantised, Scale, ZeroPoint);

    /// <summary>The integer nearest to a real number, as ONNX QuantizeLinear computes it.</summary>
    public int Quantize(float real) => QuantizationRules.Quantize(real, Scale, ZeroPoint, Element);
}

/// <summary>The scales and zero points of a tensor: one for all, one a slice along an axis, or one a block along an axis.</summary>
/// <param name="Scales">One or many.</param>
/// <param name="ZeroPoints">As many as scales.</param>
/// <param name="Axis">The axis along which they change; of no meaning where there is one for all.</param>
/// <param name="BlockSize">
/// Elements along the axis that share a scale, where the scales are a tensor of the operand's rank; 0 where they are a list along the axis.
/// </param>
public sealed record QuantizationGrid(EquatableArray<float> Scales, EquatableArray<int> ZeroPoints, int Axis = 0, int BlockSize = 0)
{
    /// <summary>Whether one scale and one zero point serve the whole tensor.</summary>
    public bool IsPerTensor => Scales.Count == 1;

    /// <summary>Whether there is one scale for each slice along <see cref="Axis"/>.</summary>
    public bool IsPerAxis => !IsPerTensor && BlockSize == 0;

    /// <summary>Which scale an element has.</summary>
    public int IndexOf(TensorShape shape, int element) => IsPerTensor ? 0 : QuantizationRules.GridIndex(shape, Axis, BlockSize, element);
}

/// <summary>The arithmetic of quantisation, the same at compile time as in emitted code. docs/numerics.md states it for users.</summary>
internal static class QuantizationRules
{
    public static float Dequantize(int quantised, float scale, int zeroPoint) => (float)((float)((long)quantised - zeroPoint) * scale);

    /// <summary>True division, round half to even, saturate; what is not a number becomes the lowest value.</summary>
    public static int Quantize(float real, float scale, int zeroPoint, ElementType element)
    {
        var (low, high) = (element.LowestValue(), element.HighestValue());
        var quotient = (float)(real / scale);
        return quotient <= low - zeroPoint || float.IsNaN(quotient) ? (int)low
            : quotient >= high - zeroPoint ? (int)high
            : (int)Math.Round((double)quotient, MidpointRounding.ToEven) + zeroPoint;
    }

    /// <summary>The position of an element's scale among the scales.</summary>
    /// <param name="shape">Shape of the tensor.</param>
    /// <param name="axis">The axis along which scales change.</param>
    /// <param name="blockSize">Elements that share a scale along the axis; 0 where scales are a list along the axis.</param>
    /// <param name="element">Position of the element in row-major order.</param>
    public static int GridIndex(TensorShape shape, int axis, int blockSize, int element)
    {
        var inner = shape.Product(axis + 1, shape.Rank);
        var along = element / inner % shape[axis];
        if (blockSize == 0)
        {
            return along;
        }

        var blocks = (shape[axis] + blockSize - 1) / blockSize;
        return (((element / inner / shape[axis] * blocks) + (along / blockSize)) * inner) + (element % inner);
    }

    /// <summary>Checks that a tensor has as many slices or blocks along its axis as there are scales.</summary>
    /// <exception cref="ShapeException">It has not.</exception>
    public static void Check(TensorShape shape, int axis, int blockSize, int scales)
    {
        if (scales == 1)
        {
            return;
        }

        if (axis < 0 || axis >= shape.Rank)
        {
            throw new ShapeException($"the axis {axis} of the scales is no dimension of {shape}");
        }

        var expected = blockSize == 0 ? shape[axis] : shape.With(axis, (shape[axis] + blockSize - 1) / blockSize).Elements;
        if (scales != expected)
        {
            throw new ShapeException(
                $"{shape} needs {expected} scales along axis {axis}{(blockSize > 0 ? $" in blocks of {blockSize}" : "")}, found {scales}"
            );
        }
    }
}
