namespace ModelCompiler.Compression.Data;

/// <summary>Greyscale images of one size with their classes.</summary>
/// <param name="Height">Rows of an image.</param>
/// <param name="Width">Columns of an image.</param>
/// <param name="Pixels">All images, one after the other, row by row; 0 is black.</param>
/// <param name="Labels">The class of each image.</param>
public sealed record ImageSet(int Height, int Width, byte[] Pixels, byte[] Labels)
{
    /// <summary>Number of images.</summary>
    public int Count => Labels.Length;

    /// <summary>Bytes of an image.</summary>
    public int Size => Height * Width;

    /// <summary>The pixels of one image.</summary>
    public ReadOnlySpan<byte> Image(int index) => Pixels.AsSpan(index * Size, Size);

    /// <summary>At most so many of the images, spread over the whole.</summary>
    public ImageSet Spread(int count)
    {
        if (count >= Count)
        {
            return this;
        }

        int[] chosen = [.. Enumerable.Range(0, count).Select(i => (int)((long)i * Count / count))];
        return this with { Pixels = [.. chosen.SelectMany(i => Image(i).ToArray())], Labels = [.. chosen.Select(i => Labels[i])] };
    }

    /// <summary>The 60,000 images of an MNIST-like folder that are there to learn from.</summary>
    public static ImageSet ReadTraining(string folder) => Read(folder, "train");

    /// <summary>The 10,000 images of an MNIST-like folder that are there to measure with.</summary>
    public static ImageSet ReadTest(string folder) => Read(folder, "t10k");

    /// <summary>Whether a folder has the test images of an MNIST-like data set.</summary>
    public static bool IsIdxFolder(string folder) => Find(folder, "t10k-images-idx3-ubyte") is not null;

    private static ImageSet Read(string folder, string part)
    {
        var images = IdxFile.Read(Require(folder, $"{part}-images-idx3-ubyte"));
        var labels = IdxFile.Read(Require(folder, $"{part}-labels-idx1-ubyte"));
        return images.Dimensions is [var count, var height, var width] && labels.Dimensions is [var labelled] && count == labelled
            ? new ImageSet(height, width, images.Elements, labels.Elements)
            : throw new InvalidDataException(
                $"{folder}: images of [{string.Join(',', images.Dimensions)}] do not go with labels of [{string.Join(',', labels.Dimensions)}]"
            );
    }

    private static string Require(string folder, string name) =>
        Find(folder, name) ?? throw new FileNotFoundException($"{folder} has neither {name}.gz nor {name}");

    private static string? Find(string folder, string name) =>
        new[] { $"{name}.gz", name }.Select(n => Path.Combine(folder, n)).FirstOrDefault(File.Exists);
}
