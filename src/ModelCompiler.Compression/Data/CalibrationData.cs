using ModelCompiler.Graphs;
using ModelCompiler.Verification;
using StbImageSharp;

namespace ModelCompiler.Compression.Data;

/// <summary>Where calibration samples come from: any of the forms in which people keep such data.</summary>
public static class CalibrationData
{
    /// <summary>What a folder or file may be, for messages and help.</summary>
    public const string Forms =
        "a folder of IDX files (MNIST's four), a folder of PNG or JPEG images, an .npz file with an array an input, or a folder with test_data_set_*";

    /// <summary>Reads samples.</summary>
    /// <param name="model">The model that the samples are for.</param>
    /// <param name="inputs">Its inputs.</param>
    /// <param name="path">One of <see cref="Forms"/>.</param>
    /// <param name="count">Most samples to take; of a data set with an order they are spread over the whole.</param>
    /// <param name="range">What the model takes pixels for.</param>
    /// <exception cref="CompressionException">The path is none of the forms, or does not fit the model.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="InvalidDataException">A file is damaged.</exception>
    public static IReadOnlyList<IReadOnlyList<NamedTensor>> Read(
        OnnxFile model,
        IReadOnlyList<ModelPort> inputs,
        string path,
        int count,
        PixelRange range
    )
    {
        if (path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase))
        {
            return Rows(inputs, NpzFile.Read(path), count);
        }

        if (!Directory.Exists(path))
        {
            throw new CompressionException($"calibration data '{path}' is not there; it may be {Forms}");
        }

        if (ImageSet.IsIdxFolder(path))
        {
            var images = ImageSet.ReadTraining(path);
            var input = ImageInput.Of(inputs, range);
            return [.. Spread(images.Count, count).Select(i => input.Sample(images.Image(i)))];
        }

        if (TestDataSet.Find(path) is { Count: > 0 } sets)
        {
            return [.. Spread(sets.Count, count).Select(i => TestDataSet.Load(model, sets[i]).Inputs)];
        }

        var files = Directory.GetFiles(path).Where(IsImage).Order(StringComparer.Ordinal).ToList();
        return files.Count > 0
            ? [.. Spread(files.Count, count).Select(i => ReadImage(ImageInput.Of(inputs, range), files[i]))]
            : throw new CompressionException($"'{path}' has no data to calibrate with; it may be {Forms}");
    }

    private static bool IsImage(string file) => Path.GetExtension(file).ToLowerInvariant() is ".png" or ".jpg" or ".jpeg";

    private static IReadOnlyList<NamedTensor> ReadImage(ImageInput input, string file)
    {
        var components = input.Channels == 1 ? ColorComponents.Grey : ColorComponents.RedGreenBlue;
        try
        {
            var image = ImageResult.FromMemory(File.ReadAllBytes(file), components);
            return image.Height == input.Height && image.Width == input.Width
                ? input.Sample(image.Data)
                : throw new CompressionException(
                    $"{file} has {image.Height}×{image.Width} pixels; the model takes {input.Height}×{input.Width}"
                );
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException($"{file} is not an image that can be read: {e.Message}", e);
        }
    }

    /// <summary>Cuts arrays along their first dimension into samples of the inputs' shapes.</summary>
    private static List<IReadOnlyList<NamedTensor>> Rows(IReadOnlyList<ModelPort> inputs, IReadOnlyList<NamedTensor> arrays, int count)
    {
        var pairs = inputs.Select((port, i) => (Port: port, Array: ArrayFor(port, i, inputs.Count, arrays))).ToList();
        var samples = pairs.Min(p => p.Array.Type.Shape.Elements / p.Port.Type.Shape.Elements);
        return
        [
            .. Spread(samples, count)
                .Select(sample =>
                    (IReadOnlyList<NamedTensor>)
                        [
                            .. pairs.Select(p =>
                            {
                                var elements = Elements.Allocate(p.Port.Type);
                                Array.Copy(p.Array.Elements, sample * elements.Length, elements, 0, elements.Length);
                                return new NamedTensor(p.Port.Name, p.Port.Type, elements);
                            }),
                        ]
                ),
        ];
    }

    // By name; a file with just as many arrays as the model has inputs may name them as it likes.
    private static NamedTensor ArrayFor(ModelPort port, int index, int inputs, IReadOnlyList<NamedTensor> arrays)
    {
        var array = arrays.FirstOrDefault(a => a.Name == port.Name) ?? (arrays.Count == inputs ? arrays[index] : null);
        return
            array?.Type.Element == port.Type.Element
            && array.Type.Shape.Elements is > 0 and var elements
            && elements % port.Type.Shape.Elements == 0
            ? array
            : throw new CompressionException(
                $"input '{port.Name}' takes {port.Type}; the file has {string.Join(", ", arrays.Select(a => $"{a.Name} {a.Type}"))}"
            );
    }

    /// <summary>At most <paramref name="count"/> indices, evenly spread.</summary>
    private static IEnumerable<int> Spread(int available, int count) =>
        Enumerable.Range(0, Math.Min(available, count)).Select(i => (int)((long)i * available / Math.Min(available, count)));
}
