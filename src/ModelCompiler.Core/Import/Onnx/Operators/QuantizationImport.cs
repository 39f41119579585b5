using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>Reads scales and zero points, which ONNX passes as inputs.</summary>
internal static class QuantizationImport
{
    /// <summary>Whether those of the given inputs that are there are known at compile time.</summary>
    public static bool AreConstant(OnnxNode node, params int[] inputs) =>
        inputs.All(i => node.OptionalInput(i) is null or { Constant: not null });

    /// <summary>Scale and zero point of a tensor of 8 bits that has one of each. Without a zero point it is 0.</summary>
    public static Quantization PerTensor(OnnxNode node, int scale, int zeroPoint, ElementType element, string meaning)
    {
        if (element is not (ElementType.Int8 or ElementType.UInt8))
        {
            throw node.Unsupported($"{meaning} is {element}; supported: Int8, UInt8");
        }

        var scales = Scales(node, scale, meaning);
        var zeroPoints = ZeroPoints(node, zeroPoint, element, meaning);
        return scales.Length == 1 && zeroPoints.Length <= 1
            ? new Quantization(scales[0], zeroPoints.Length == 0 ? 0 : zeroPoints[0], element)
            : throw node.Unsupported($"{meaning} has {scales.Length} scales and {zeroPoints.Length} zero points; supported: one of each");
    }

    /// <summary>Scale and zero point of an output, whose type is the zero point's.</summary>
    public static Quantization OfOutput(OnnxNode node, int scale, int zeroPoint, ElementType otherwise, string meaning = "the output") =>
        PerTensor(node, scale, zeroPoint, node.OptionalInput(zeroPoint)?.Element ?? otherwise, meaning);

    /// <summary>The scales in an input, all finite and above 0.</summary>
    public static float[] Scales(OnnxNode node, int index, string meaning)
    {
        var tensor = node.ConstantInput(index, $"the scale of {meaning}");
        if (tensor.Element != ElementType.Float32)
        {
            throw node.Unsupported($"the scale of {meaning} is {tensor.Type}; supported: Float32");
        }

        var scales = tensor.ToFloats();
        return scales.Length > 0 && scales.All(s => s > 0 && s <= float.MaxValue)
            ? scales
            : throw new ShapeException($"the scale of {meaning} must be finite and above 0, found {tensor.Type} with other values");
    }

    /// <summary>The zero points in an input; none where it is left out.</summary>
    public static int[] ZeroPoints(OnnxNode node, int index, ElementType element, string meaning)
    {
        var tensor = node.OptionalConstantInput(index, $"the zero point of {meaning}");
        if (tensor is null)
        {
            return [];
        }

        return tensor.Element == element
            ? [.. tensor.ToLongs().Select(z => checked((int)z))]
            : throw new ShapeException($"the zero point of {meaning} is {tensor.Type}, its elements are {element}");
    }

    /// <summary>Scales and zero points of weights: one, or one a slice along an axis; one where all are equal.</summary>
    public static QuantizationGrid Grid(
        OnnxNode node,
        int scale,
        int zeroPoint,
        ElementType element,
        int axis,
        string meaning,
        int blockSize = 0
    )
    {
        var scales = Scales(node, scale, meaning);
        var zeroPoints = ZeroPoints(node, zeroPoint, element, meaning);
        if (zeroPoints.Length == 1 && scales.Length > 1)
        {
            zeroPoints = [.. Enumerable.Repeat(zeroPoints[0], scales.Length)];
        }
        else if (zeroPoints.Length > 1 && scales.Length == 1)
        {
            scales = [.. Enumerable.Repeat(scales[0], zeroPoints.Length)];
        }

        zeroPoints = zeroPoints.Length == 0 ? new int[scales.Length] : zeroPoints;
        if (zeroPoints.Length != scales.Length)
        {
            throw new ShapeException($"{meaning} has {scales.Length} scales but {zeroPoints.Length} zero points");
        }

        return Uniform(scales) && Uniform(zeroPoints)
            ? new QuantizationGrid((float[])[scales[0]], (int[])[zeroPoints[0]])
            : new QuantizationGrid(scales, zeroPoints, axis, blockSize);
    }

    /// <summary>(x scale · w scale) / y scale in float32 and in that order, for each weight scale.</summary>
    public static Requantization Requantization(float x, EquatableArray<float> w, Quantization y) =>
        new(
            w.Select(scale => (float)((float)(x * scale) / y.Scale)).ToArray(),
            y.ZeroPoint,
            y.Element,
            (int)y.Element.LowestValue(),
            (int)y.Element.HighestValue()
        );

    private static bool Uniform<T>(T[] items) => items.All(i => EqualityComparer<T>.Default.Equals(i, items[0]));
}
