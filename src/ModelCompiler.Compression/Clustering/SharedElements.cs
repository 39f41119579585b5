using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;

namespace ModelCompiler.Compression.Clustering;

/// <summary>
/// What weights are clustered as: the numbers themselves, or the distances of integers from the one that stands for 0. Integers may
/// have another scale in each channel; that the integers are few is what the compiler can pack.
/// </summary>
/// <param name="Element">Type of the values in the file.</param>
/// <param name="Elements">What is clustered, in the order of the weights.</param>
/// <param name="ZeroPoints">What is added to a value in the file: one number, or one a channel; none for numbers themselves.</param>
internal sealed record SharedElements(ElementType Element, float[] Elements, IReadOnlyList<int> ZeroPoints)
{
    /// <summary>What a layer's weights are clustered as.</summary>
    /// <param name="path">Name of the model for messages.</param>
    /// <param name="weight">The weights.</param>
    /// <param name="axis">The dimension whose places each have a code book of their own; null for one book.</param>
    /// <exception cref="CompressionException">The weights cannot share values.</exception>
    public static SharedElements Of(string path, WeightTensor weight, int? axis)
    {
        if (weight.Quantised is not { } quantised)
        {
            var numbers = weight.Weights.ToFloats();
            return numbers.All(float.IsFinite)
                ? new(ElementType.Float32, numbers, [])
                : throw new CompressionException($"{path}: layer '{weight.Layer}' has weights that are not finite");
        }

        float[] distances = [.. quantised.Integers.ToLongs().Select((q, i) => (float)(q - quantised.ZeroPoint(i)))];
        var zeroPoints = quantised.Grid.ZeroPoints.Distinct().ToList();
        var isPerChannel = quantised.Grid.IsPerAxis && quantised.Grid.Axis == axis;
        return zeroPoints.Count == 1 ? new(quantised.Integers.Element, distances, zeroPoints)
            : isPerChannel ? new(quantised.Integers.Element, distances, quantised.Grid.ZeroPoints.ToArray())
            : throw new CompressionException(
                $"{path}: the channels of layer '{weight.Layer}' have different zero points, so that no code book serves all of them; --per-channel gives each its own"
            );
    }

    /// <summary>A code book with the values that the file gets.</summary>
    public CodeBook InFile(CodeBook book) =>
        ZeroPoints.Count == 0
            ? book
            : book with
            {
                Values = [.. book.Values.Select((v, i) => v + ZeroPoints[ZeroPoints.Count == 1 ? 0 : i / book.Entries])],
            };

    /// <summary>Values as bytes of their type.</summary>
    public byte[] Bytes(float[] values)
    {
        var size = Element.SizeInBytes();
        return
        [
            .. values.SelectMany(v =>
                Element == ElementType.Float32 ? BitConverter.GetBytes(v) : BitConverter.GetBytes((long)v).Take(size)
            ),
        ];
    }
}
