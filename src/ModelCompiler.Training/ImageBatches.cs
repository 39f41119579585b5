using ModelCompiler.Compression.Data;
using TorchSharp;

namespace ModelCompiler.Training;

/// <summary>Cuts batches out of an image set: pixels of 0 to 1, shape [batch, 1, height, width].</summary>
/// <param name="images">The images.</param>
/// <param name="batchSize">Images of a batch; the last one may have fewer.</param>
internal sealed class ImageBatches(ImageSet images, int batchSize)
{
    private const int MaxShift = 2;

    /// <summary>The given images in the given order, as they are.</summary>
    public IEnumerable<(torch.Tensor Pixels, torch.Tensor Labels)> Plain(IReadOnlyList<int> order) =>
        Batches(order, (image, target) => Copy(image, target, rowShift: 0, columnShift: 0, mirrored: false));

    /// <summary>The given images in the given order, each moved by up to two pixels and half of them mirrored.</summary>
    public IEnumerable<(torch.Tensor Pixels, torch.Tensor Labels)> Augmented(IReadOnlyList<int> order, Random random) =>
        Batches(
            order,
            (image, target) =>
                Copy(image, target, random.Next(-MaxShift, MaxShift + 1), random.Next(-MaxShift, MaxShift + 1), random.Next(2) == 1)
        );

    private IEnumerable<(torch.Tensor Pixels, torch.Tensor Labels)> Batches(IReadOnlyList<int> order, Action<int, Memory<float>> copy)
    {
        for (var start = 0; start < order.Count; start += batchSize)
        {
            var count = Math.Min(batchSize, order.Count - start);
            var pixels = new float[count * images.Size];
            var labels = new long[count];
            for (var i = 0; i < count; i++)
            {
                var image = order[start + i];
                copy(image, pixels.AsMemory(i * images.Size, images.Size));
                labels[i] = images.Labels[image];
            }

            yield return (torch.tensor(pixels, [count, 1, images.Height, images.Width]), torch.tensor(labels));
        }
    }

    private void Copy(int image, Memory<float> target, int rowShift, int columnShift, bool mirrored)
    {
        var source = images.Image(image);
        var pixels = target.Span;
        for (var row = Math.Max(0, rowShift); row < images.Height + Math.Min(0, rowShift); row++)
        {
            for (var column = Math.Max(0, columnShift); column < images.Width + Math.Min(0, columnShift); column++)
            {
                var from = column - columnShift;
                var pixel = source[((row - rowShift) * images.Width) + (mirrored ? images.Width - 1 - from : from)];
                pixels[(row * images.Width) + column] = pixel / 255f;
            }
        }
    }
}
