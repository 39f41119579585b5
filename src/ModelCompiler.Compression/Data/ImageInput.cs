using ModelCompiler.Graphs;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Data;

/// <summary>The one input of a model that takes an image, and how pixels get into it.</summary>
/// <param name="Name">Name of the input.</param>
/// <param name="Type">Its type, batch 1.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
/// <param name="Channels">1 for grey, 3 for red, green and blue.</param>
/// <param name="ChannelsLast">Whether the channels of a pixel lie beside each other.</param>
/// <param name="Range">What the model takes bytes for.</param>
public sealed record ImageInput(string Name, TensorType Type, int Height, int Width, int Channels, bool ChannelsLast, PixelRange Range)
{
    /// <summary>Finds out how a model takes images.</summary>
    /// <exception cref="CompressionException">The model does not take one image of floats.</exception>
    public static ImageInput Of(IReadOnlyList<ModelPort> inputs, PixelRange range) =>
        inputs is [{ Type: { Element: ElementType.Float32, Shape: var shape } type, Name: var name }]
            ? shape.ToArray() switch
            {
                [1, 1 or 3, var h, var w] => new ImageInput(name, type, h, w, shape[1], false, range),
                [1, var h, var w, 1 or 3] => new ImageInput(name, type, h, w, shape[3], true, range),
                [1, var h, var w] => new ImageInput(name, type, h, w, 1, false, range),
                [1, var pixels] when Math.Sqrt(pixels) is var side && side == (int)side => new ImageInput(
                    name,
                    type,
                    (int)side,
                    (int)side,
                    1,
                    false,
                    range
                ),
                _ => throw new CompressionException($"input '{name}' of shape {shape} is no image of one or three channels"),
            }
            : throw new CompressionException(
                $"images go into models with one input of floats; this one has {string.Join(", ", inputs.Select(i => $"{i.Name} {i.Type}"))}"
            );

    /// <summary>An image as the model's input.</summary>
    /// <param name="image">The image, with as many channels as the model takes.</param>
    /// <param name="resize">What is done to one of another size.</param>
    /// <param name="change">What is done to it, in the model's size, before it becomes numbers; null for nothing.</param>
    /// <exception cref="CompressionException">It has another size, and nothing is to be done to it.</exception>
    public IReadOnlyList<NamedTensor> Sample(Pixels image, ImageResize resize, IItemChange? change)
    {
        var fitting = Fit(image, resize);
        return Sample((change?.Of(fitting) ?? fitting).Bytes);
    }

    /// <summary>An image in the size that the model takes.</summary>
    /// <exception cref="CompressionException">It has another size, and nothing is to be done to it.</exception>
    public Pixels Fit(Pixels image, ImageResize resize) =>
        (image.Height, image.Width) == (Height, Width) ? image
        : resize != ImageResize.None ? image.Resized(Height, Width, resize)
        : throw new CompressionException($"it has {image.Height}×{image.Width} pixels; the model takes {Height}×{Width}");

    /// <summary>An image as the model's input.</summary>
    /// <param name="pixels">Row by row, the channels of a pixel beside each other.</param>
    public IReadOnlyList<NamedTensor> Sample(ReadOnlySpan<byte> pixels)
    {
        if (pixels.Length != Height * Width * Channels)
        {
            throw new CompressionException(
                $"input '{Name}' takes images of {Height}×{Width}×{Channels}; one of {pixels.Length} bytes was given"
            );
        }

        var floats = Range.ToFloats(pixels);
        return [new NamedTensor(Name, Type, ChannelsLast || Channels == 1 ? floats : Planes(floats))];
    }

    private float[] Planes(float[] pixels)
    {
        var planes = new float[pixels.Length];
        var size = Height * Width;
        for (var i = 0; i < pixels.Length; i++)
        {
            planes[((i % Channels) * size) + (i / Channels)] = pixels[i];
        }

        return planes;
    }
}
