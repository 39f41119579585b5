using StbImageSharp;

namespace ModelCompiler.Compression.Data;

/// <summary>A PNG, JPEG or BMP file, read when it is asked for.</summary>
/// <param name="Path">The file.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
/// <param name="IsGrey">Whether its file has no colours.</param>
internal sealed record ImageFile(string Path, int Height, int Width, bool IsGrey)
{
    /// <summary>Most pixels of an image: a file of some bytes may claim any number.</summary>
    private const long MostPixels = 1 << 27;

    /// <summary>Whether a name is that of an image.</summary>
    public static bool IsNamedSo(string file) =>
        System.IO.Path.GetExtension(file).ToLowerInvariant() is ".png" or ".jpg" or ".jpeg" or ".bmp";

    /// <summary>Looks at the beginning of a file.</summary>
    /// <exception cref="InvalidDataException">It is not an image that can be read, or too large.</exception>
    public static ImageFile Open(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            if (ImageInfo.FromStream(stream) is not { } info)
            {
                throw new InvalidDataException($"{path} is not an image that can be read");
            }

            // The rows of a BMP file from top to bottom are counted with a minus.
            var (height, width) = (Math.Abs((long)info.Height), info.Width);
            return height * width is > 0 and <= MostPixels
                ? new(path, (int)height, width, info.ColorComponents is ColorComponents.Grey or ColorComponents.GreyAlpha)
                : throw new InvalidDataException($"{path} claims {height}×{width} pixels; at most {MostPixels} are read");
        }
        catch (Exception e) when (IsOfDamage(e))
        {
            throw new InvalidDataException($"{path} is not an image that can be read: {e.Message}", e);
        }
    }

    /// <summary>Reads the image.</summary>
    /// <param name="channels">1 for grey, 3 for red, green and blue.</param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public Pixels Read(int channels)
    {
        var components = channels == 1 ? ColorComponents.Grey : ColorComponents.RedGreenBlue;
        try
        {
            var image = ImageResult.FromMemory(File.ReadAllBytes(Path), components);
            return new(image.Height, image.Width, channels, image.Data);
        }
        catch (Exception e) when (IsOfDamage(e))
        {
            throw new InvalidDataException($"{Path} is not an image that can be read: {e.Message}", e);
        }
    }

    // What the reader throws at damaged files depends on where they are damaged.
    private static bool IsOfDamage(Exception e) =>
        e is InvalidOperationException or IndexOutOfRangeException or ArgumentException or OverflowException or NullReferenceException;
}
