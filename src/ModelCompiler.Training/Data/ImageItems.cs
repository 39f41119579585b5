using ModelCompiler.Compression.Data;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Training.Optimisation;
using static TorchSharp.torch;

namespace ModelCompiler.Training.Data;

/// <summary>Images with their classes.</summary>
/// <param name="images">The images.</param>
/// <param name="input">How they get into the model.</param>
public sealed class ImageItems(ImageSet images, ImageInput input) : TrainingItems
{
    private const int MaxShift = 2;

    /// <inheritdoc/>
    public override int Count => images.Count;

    /// <inheritdoc/>
    public override IReadOnlyList<long> Labels { get; } = [.. images.Labels.Select(l => (long)l)];

    /// <summary>Images; each moved by up to two pixels, and half of them mirrored, where they are to be changed at random.</summary>
    public override Tensor[] Inputs(ReadOnlySpan<int> which, Random? augmentation)
    {
        var elements = new float[which.Length * images.Size];
        var pixels = new byte[images.Size];
        for (var i = 0; i < which.Length; i++)
        {
            var image = images.Image(which[i]);
            if (augmentation is not null)
            {
                Move(image, pixels, augmentation);
                image = pixels;
            }

            ((float[])input.Sample(image)[0].Elements).CopyTo(elements, i * images.Size);
        }

        return [tensor(elements, [which.Length, .. TorchTypes.Sizes(input.Type.Shape.Skip(1))])];
    }

    /// <inheritdoc/>
    public override Tensor Targets(ReadOnlySpan<int> which, LossKind loss) =>
        loss == LossKind.CrossEntropy
            ? tensor([.. which.ToArray().Select(i => Labels[i])], ScalarType.Int64)
            : tensor([.. which.ToArray().Select(i => (float)Labels[i])], [which.Length, 1]);

    private void Move(ReadOnlySpan<byte> image, Span<byte> target, Random random)
    {
        var (rowShift, columnShift) = (random.Next(-MaxShift, MaxShift + 1), random.Next(-MaxShift, MaxShift + 1));
        var mirrored = random.Next(2) == 1;
        target.Clear();
        for (var row = Math.Max(0, rowShift); row < images.Height + Math.Min(0, rowShift); row++)
        {
            for (var column = Math.Max(0, columnShift); column < images.Width + Math.Min(0, columnShift); column++)
            {
                var from = column - columnShift;
                target[(row * images.Width) + column] = image[
                    ((row - rowShift) * images.Width) + (mirrored ? images.Width - 1 - from : from)
                ];
            }
        }
    }
}
