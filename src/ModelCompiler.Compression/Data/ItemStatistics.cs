using System.Numerics.Tensors;
using ModelCompiler.Graphs;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Data;

/// <summary>Mean and standard deviation of each channel: of the first dimension of an item, such as a column of a table.</summary>
/// <param name="Means">The mean of each channel.</param>
/// <param name="Deviations">The standard deviation of each; 1 of a channel that is always the same, so that one can divide by it.</param>
public sealed record ItemStatistics(IReadOnlyList<float> Means, IReadOnlyList<float> Deviations)
{
    /// <summary>Looks at all items.</summary>
    /// <exception cref="CompressionException">They have more than one input, or no floats.</exception>
    public static ItemStatistics Of(DataItems items)
    {
        var shape = items.Shape;
        var read = items.For([new ModelPort("items", new TensorType(ElementType.Float32, new TensorShape(shape.Prepend(1))))]);
        var channels = shape.Rank > 0 ? shape[0] : 1;
        var size = shape.Elements / channels;
        var count = (double)items.Count * size;
        // Two readings, because the difference of large sums of squares loses what is small.
        var means = Sums((values, _) => TensorPrimitives.Sum(values)).Select(s => s / count).ToArray();
        var squares = Sums((values, c) => values.ToArray().Sum(v => (v - means[c]) * (v - means[c])));
        return new([.. means.Select(m => (float)m)], [.. squares.Select(s => (float)Math.Sqrt(s / count)).Select(d => d > 0 ? d : 1)]);

        double[] Sums(Func<ReadOnlySpan<float>, int, double> of)
        {
            var sums = new double[channels];
            for (var item = 0; item < items.Count; item++)
            {
                var elements = (float[])read(item)[0].Elements;
                for (var c = 0; c < channels; c++)
                {
                    sums[c] += of(elements.AsSpan(c * size, size), c);
                }
            }

            return sums;
        }
    }
}
