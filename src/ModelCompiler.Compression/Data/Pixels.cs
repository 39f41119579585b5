namespace ModelCompiler.Compression.Data;

/// <summary>An image in memory.</summary>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
/// <param name="Channels">1 for grey, 3 for red, green and blue.</param>
/// <param name="Bytes">Row by row, the channels of a pixel beside each other; 0 is black.</param>
public sealed record Pixels(int Height, int Width, int Channels, byte[] Bytes)
{
    /// <summary>The image in another size.</summary>
    /// <param name="height">Rows wanted.</param>
    /// <param name="width">Columns wanted.</param>
    /// <param name="resize">Whether all of it is scaled, or the largest part in the middle that has the wanted proportions.</param>
    public Pixels Resized(int height, int width, ImageResize resize)
    {
        var (top, left, rows, columns) = (0.0, 0.0, (double)Height, (double)Width);
        if (resize == ImageResize.Crop)
        {
            var scale = Math.Min((double)Height / height, (double)Width / width);
            (rows, columns) = (height * scale, width * scale);
            (top, left) = ((Height - rows) / 2, (Width - columns) / 2);
        }

        var (vertical, horizontal) = (Weights(Height, top, rows, height), Weights(Width, left, columns, width));
        var between = new float[Height * width * Channels];
        for (var row = 0; row < Height; row++)
        {
            for (var x = 0; x < width; x++)
            {
                foreach (var (column, weight) in horizontal[x])
                {
                    for (var c = 0; c < Channels; c++)
                    {
                        between[(((row * width) + x) * Channels) + c] += weight * Bytes[(((row * Width) + column) * Channels) + c];
                    }
                }
            }
        }

        var bytes = new byte[height * width * Channels];
        var line = new float[width * Channels];
        for (var y = 0; y < height; y++)
        {
            Array.Clear(line);
            foreach (var (row, weight) in vertical[y])
            {
                var source = between.AsSpan(row * line.Length, line.Length);
                System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(source, weight, line, line);
            }

            for (var i = 0; i < line.Length; i++)
            {
                bytes[(y * line.Length) + i] = (byte)Math.Clamp(MathF.Round(line[i]), 0, byte.MaxValue);
            }
        }

        return new(height, width, Channels, bytes);
    }

    /// <summary>
    /// Which pixels of a line a new one is made of: linear between the two nearest or, where the line gets shorter, over as many as one new
    /// pixel covers, falling off linearly to both sides. Beyond the edges lie none.
    /// </summary>
    private static (int From, float Weight)[][] Weights(int size, double start, double length, int wanted)
    {
        var scale = length / wanted;
        var reach = Math.Max(scale, 1);
        return [.. Enumerable.Range(0, wanted).Select(OfOne)];

        (int, float)[] OfOne(int index)
        {
            // Pixels are where their middles are.
            var middle = start + ((index + 0.5) * scale) - 0.5;
            var (first, last) = (Math.Max((int)Math.Ceiling(middle - reach), 0), Math.Min((int)Math.Floor(middle + reach), size - 1));
            var near = Enumerable
                .Range(first, last - first + 1)
                .Select(i => (From: i, Weight: 1 - (Math.Abs(i - middle) / reach)))
                .Where(p => p.Weight > 0)
                .ToList();
            var sum = near.Sum(p => p.Weight);
            return [.. near.Select(p => (p.From, (float)(p.Weight / sum)))];
        }
    }
}
