namespace ModelCompiler;

/// <summary>An input or output of a compiled model.</summary>
/// <param name="name">Name in the model.</param>
/// <param name="elementType">Type of the elements in the spans that <c>Predict</c> takes.</param>
/// <param name="shape">Sizes of the dimensions, outermost first; empty for a scalar.</param>
/// <param name="quantization">What <c>PredictQuantized</c> takes in its place; null where it takes the same as <c>Predict</c>.</param>
/// <param name="runTimeDimension">The dimension whose size only the data give; null where there is none.</param>
/// <param name="smallestShape">The smallest sizes, where the caller chooses some; null where all are fixed.</param>
public sealed class PortInfo(
    string name,
    Type elementType,
    IReadOnlyList<int> shape,
    QuantizationInfo? quantization = null,
    int? runTimeDimension = null,
    IReadOnlyList<int>? smallestShape = null
)
{
    /// <summary>Name in the model.</summary>
    public string Name { get; } = name;

    /// <summary>Type of the elements in the spans that <c>Predict</c> takes.</summary>
    public Type ElementType { get; } = elementType;

    /// <summary>Sizes of the dimensions, outermost first; empty for a scalar. Of a size that only the data or the caller give, the largest.</summary>
    public IReadOnlyList<int> Shape { get; } = shape;

    /// <summary>What <c>PredictQuantized</c> takes in its place; null where it takes the same as <c>Predict</c>.</summary>
    public QuantizationInfo? Quantization { get; } = quantization;

    /// <summary>
    /// The dimension whose size only the data give: <c>Predict</c> returns it, and the valid elements come first. Null where there is none.
    /// </summary>
    public int? RunTimeDimension { get; } = runTimeDimension;

    /// <summary>
    /// The smallest sizes of the dimensions, which differ from <see cref="Shape"/> where the caller chooses the size; the same where all are fixed.
    /// </summary>
    public IReadOnlyList<int> SmallestShape { get; } = smallestShape ?? shape;

    /// <summary>Number of elements: the length of the span, of the longest one where the caller chooses sizes.</summary>
    public int Length { get; } = shape.Aggregate(1, (product, size) => product * size);

    /// <summary>Name, element type and shape.</summary>
    public override string ToString() => $"{Name} {ElementType.Name}[{string.Join(",", Shape.Select(SizeText))}]";

    private string SizeText(int size, int axis) =>
        axis == RunTimeDimension ? $"≤{size}"
        : SmallestShape[axis] != size ? $"{SmallestShape[axis]}..{size}"
        : $"{size}";
}

/// <summary>How integers stand for real numbers: real = (integer − zero point) · scale.</summary>
/// <param name="elementType">Type of the integers.</param>
/// <param name="scale">The step between neighbouring integers.</param>
/// <param name="zeroPoint">The integer that stands for zero.</param>
public sealed class QuantizationInfo(Type elementType, float scale, int zeroPoint)
{
    /// <summary>Type of the integers.</summary>
    public Type ElementType { get; } = elementType;

    /// <summary>The step between neighbouring integers.</summary>
    public float Scale { get; } = scale;

    /// <summary>The integer that stands for zero.</summary>
    public int ZeroPoint { get; } = zeroPoint;

    /// <summary>The real number that an integer stands for.</summary>
    public float Dequantize(int value) => (value - ZeroPoint) * Scale;
}
