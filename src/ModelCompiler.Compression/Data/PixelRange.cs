using System.Numerics.Tensors;

namespace ModelCompiler.Compression.Data;

/// <summary>What a model takes bytes of pixels for.</summary>
public enum PixelRange
{
    /// <summary>0 to 1.</summary>
    Unit,

    /// <summary>−1 to 1.</summary>
    Signed,

    /// <summary>0 to 255.</summary>
    Byte,
}

/// <summary>Turns pixels into what a model takes.</summary>
public static class PixelRanges
{
    /// <summary>The pixels as floats.</summary>
    public static float[] ToFloats(this PixelRange range, ReadOnlySpan<byte> pixels)
    {
        var floats = new float[pixels.Length];
        TensorPrimitives.ConvertTruncating(pixels, floats);
        switch (range)
        {
            case PixelRange.Unit:
                TensorPrimitives.Divide(floats, 255f, floats);
                break;
            case PixelRange.Signed:
                TensorPrimitives.Divide(floats, 127.5f, floats);
                TensorPrimitives.Subtract(floats, 1f, floats);
                break;
            default:
                break;
        }

        return floats;
    }
}
