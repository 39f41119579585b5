using System.Buffers.Binary;

namespace ModelCompiler.Audio;

/// <summary>What the chunk 'fmt ' of a WAV file says.</summary>
internal readonly record struct WavFormat(bool IsFloat, int Channels, int SampleRate, int BitsOfSample)
{
    private const int Pcm = 1;
    private const int IeeeFloat = 3;
    private const int Extensible = 0xFFFE;

    /// <summary>Bytes of a sample of all channels.</summary>
    public int BytesOfFrame => Channels * (BitsOfSample / 8);

    public static WavFormat Parse(ReadOnlySpan<byte> chunk)
    {
        var code = chunk.Length >= 16 ? BinaryPrimitives.ReadUInt16LittleEndian(chunk) : throw TooShort(chunk, 16);
        if (code == Extensible)
        {
            // The code proper begins the identifier at the end of the longer form.
            code = chunk.Length >= 40 ? BinaryPrimitives.ReadUInt16LittleEndian(chunk[24..]) : throw TooShort(chunk, 40);
        }

        var channels = BinaryPrimitives.ReadUInt16LittleEndian(chunk[2..]);
        var rate = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
        var frame = BinaryPrimitives.ReadUInt16LittleEndian(chunk[12..]);
        var bits = BinaryPrimitives.ReadUInt16LittleEndian(chunk[14..]);
        if ((code, bits) is not ((Pcm, 8 or 16 or 24 or 32) or (IeeeFloat, 32 or 64)))
        {
            throw new InvalidDataException(
                $"format {code} with {bits} bits is not read; supported: PCM (1) of 8, 16, 24 or 32 bits, IEEE floats (3) of 32 or 64"
            );
        }

        if (channels == 0 || rate is 0 or > AudioFeatureOptions.HighestSampleRate)
        {
            throw new InvalidDataException($"{channels} channels at {rate} samples a second make no sense");
        }

        var format = new WavFormat(code == IeeeFloat, channels, (int)rate, bits);
        return frame == format.BytesOfFrame
            ? format
            : throw new InvalidDataException(
                $"{channels} channels of {bits} bits are {format.BytesOfFrame} bytes, the chunk 'fmt ' says {frame}"
            );
    }

    private static InvalidDataException TooShort(ReadOnlySpan<byte> chunk, int wanted) =>
        new($"chunk 'fmt ' has {chunk.Length} bytes of at least {wanted}");
}
