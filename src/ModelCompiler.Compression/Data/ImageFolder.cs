using ModelCompiler.Graphs;

namespace ModelCompiler.Compression.Data;

/// <summary>Images of a folder, with classes where folders or names say them.</summary>
/// <param name="where">The folder, for messages.</param>
/// <param name="files">The files and their classes.</param>
/// <param name="source">How they are read.</param>
internal sealed class ImageFolderItems(string where, ClassFiles files, DataSource source) : DataItems
{
    private readonly Lazy<IReadOnlyList<ImageFile>> _images = new(() => [.. files.Paths.Select(ImageFile.Open)]);

    public override int Count => files.Paths.Count;

    public override IReadOnlyList<long>? Labels => files.Labels;

    public override IReadOnlyList<string>? ClassNames => files.ClassNames;

    public override IReadOnlyList<string>? Groups => files.Groups;

    public override TensorShape Shape
    {
        get
        {
            var (first, channels) = (_images.Value[0], source.Images.Channels ?? (_images.Value.All(i => i.IsGrey) ? 1 : 3));
            if (source.Images.Size is { } size)
            {
                return new(channels, size.Height, size.Width);
            }

            return _images.Value.FirstOrDefault(i => (i.Height, i.Width) != (first.Height, first.Width)) is { } other
                ? throw new CompressionException(
                    $"{first.Path} has {first.Height}×{first.Width} pixels, but {other.Path} has {other.Height}×{other.Width}; --image-size and --resize make them alike"
                )
                : new(channels, first.Height, first.Width);
        }
    }

    public override ItemInputs For(IReadOnlyList<ModelPort> inputs)
    {
        var input = ImageInput.Of(inputs, source.Pixels);
        var resize = source.Images.Resize;
        if (source.Images.Channels is { } channels && channels != input.Channels)
        {
            throw new CompressionException(
                $"{where}: images of {channels} channels are asked for, but input '{input.Name}' is {input.Type}"
            );
        }

        if (
            resize == ImageResize.None
            && _images.Value.FirstOrDefault(i => (i.Height, i.Width) != (input.Height, input.Width)) is { } other
        )
        {
            throw new CompressionException(
                $"{other.Path} has {other.Height}×{other.Width} pixels; the model takes {input.Height}×{input.Width}; --resize says how images become others"
            );
        }

        // An epoch after the other reads the same images; in the model's size their bytes are what fits into memory.
        var read = new byte[Count][];
        return (item, change) =>
        {
            var bytes = read[item] ??= input.Fit(_images.Value[item].Read(input.Channels), resize).Bytes;
            return input.Sample(new Pixels(input.Height, input.Width, input.Channels, bytes), resize, change);
        };
    }
}

/// <summary>Folders of images.</summary>
internal static class ImageFolder
{
    public static DataForm Form { get; } =
        new(
            "a folder of PNG, JPEG or BMP images (in a folder a class, also below train and test)",
            source => ClassFiles.Any(source.Path, ImageFile.IsNamedSo),
            source => ClassFiles.Open(source, "image", ImageFile.IsNamedSo, (where, files) => new ImageFolderItems(where, files, source)),
            NamesClasses: true
        );
}
