using ModelCompiler.Graphs;

namespace ModelCompiler.Compression.Data;

/// <summary>Greyscale images of one size with their classes, as the MNIST family has them.</summary>
/// <param name="where">Where they come from, for messages.</param>
/// <param name="height">Rows of an image.</param>
/// <param name="width">Columns of an image.</param>
/// <param name="pixels">All images, one after the other, row by row; 0 is black.</param>
/// <param name="labels">The class of each image.</param>
/// <param name="range">What the model takes pixels for.</param>
/// <param name="reading">How images of other sizes are treated.</param>
public sealed class IdxItems(
    string where,
    int height,
    int width,
    byte[] pixels,
    byte[] labels,
    PixelRange range = PixelRange.Unit,
    ImageReading? reading = null
) : DataItems
{
    private readonly ImageReading _reading = reading ?? new();

    /// <inheritdoc/>
    public override int Count => labels.Length;

    /// <inheritdoc/>
    public override TensorShape Shape => new(1, _reading.Size?.Height ?? height, _reading.Size?.Width ?? width);

    /// <inheritdoc/>
    public override IReadOnlyList<long> Labels { get; } = [.. labels.Select(l => (long)l)];

    /// <summary>One image.</summary>
    public Pixels Image(int item) => new(height, width, 1, pixels[(item * height * width)..((item + 1) * height * width)]);

    /// <inheritdoc/>
    public override ItemInputs For(IReadOnlyList<ModelPort> inputs)
    {
        var input = ImageInput.Of(inputs, range);
        var fits = (input.Height, input.Width) == (height, width) || _reading.Resize != ImageResize.None;
        if (!fits || input.Channels != 1)
        {
            throw new CompressionException(
                $"input '{input.Name}' takes images of {input.Height}×{input.Width}×{input.Channels}, but those of {where} are {height}×{width}×1{(input.Channels == 1 ? "; --resize says how they become others" : "")}"
            );
        }

        return (item, change) => input.Sample(Image(item), _reading.Resize, change);
    }
}

/// <summary>A folder with the four files of an MNIST-like data set.</summary>
internal static class IdxFolder
{
    public static DataForm Form { get; } =
        new(
            "a folder of IDX files (MNIST's four, .gz or not)",
            source => Find(source.Path, Images("t10k")) is not null || Find(source.Path, Images("train")) is not null,
            source => new(() => Read(source, "train"), () => Read(source, "t10k"))
        );

    private static IdxItems Read(DataSource source, string part)
    {
        var folder = source.Path;
        var images = IdxFile.Read(Require(folder, Images(part)));
        var labels = IdxFile.Read(Require(folder, $"{part}-labels-idx1-ubyte"));
        if (images.Dimensions is not [var count, var height, var width] || labels.Dimensions is not [var labelled] || count != labelled)
        {
            throw new InvalidDataException(
                $"{folder}: images of [{string.Join(',', images.Dimensions)}] do not go with labels of [{string.Join(',', labels.Dimensions)}]"
            );
        }

        return count > 0
            ? new IdxItems(folder, height, width, images.Elements, labels.Elements, source.Pixels, source.Images)
            : throw new CompressionException($"{folder}: there are no images in {Images(part)}");
    }

    private static string Images(string part) => $"{part}-images-idx3-ubyte";

    private static string Require(string folder, string name) =>
        Find(folder, name) ?? throw new FileNotFoundException($"{folder} has neither {name}.gz nor {name}");

    private static string? Find(string folder, string name) =>
        new[] { $"{name}.gz", name }.Select(n => Path.Combine(folder, n)).FirstOrDefault(File.Exists);
}
