using ModelCompiler.Compression.Data;

namespace ModelCompiler.Training.Data;

/// <summary>Changes of images at random that leave their class as it is.</summary>
internal static class ImageAugmentation
{
    private const int MaxShift = 2;

    /// <summary>The image, moved by up to two pixels in both directions, and mirrored in half of the cases; what comes in is black.</summary>
    public static Pixels Moved(Pixels image, Random random)
    {
        var (rowShift, columnShift) = (random.Next(-MaxShift, MaxShift + 1), random.Next(-MaxShift, MaxShift + 1));
        var mirrored = random.Next(2) == 1;
        var target = new byte[image.Bytes.Length];
        for (var row = Math.Max(0, rowShift); row < image.Height + Math.Min(0, rowShift); row++)
        {
            for (var column = Math.Max(0, columnShift); column < image.Width + Math.Min(0, columnShift); column++)
            {
                var from = column - columnShift;
                var source = Start(row - rowShift, mirrored ? image.Width - 1 - from : from);
                image.Bytes.AsSpan(source, image.Channels).CopyTo(target.AsSpan(Start(row, column)));
            }
        }

        return image with
        {
            Bytes = target,
        };

        int Start(int row, int column) => ((row * image.Width) + column) * image.Channels;
    }
}
