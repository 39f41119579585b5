using System.Buffers.Binary;

namespace ModelCompiler.Testing;

/// <summary>Writes WAV files for tests, chunk by chunk, so that a test may damage each.</summary>
public static class WavBytes
{
    /// <summary>A file of one channel of 16 bits.</summary>
    public static byte[] Of(int sampleRate, params short[] samples) =>
        File(Chunk("fmt ", Format(1, 1, sampleRate, 16)), Chunk("data", Elements(samples)));

    /// <summary>The content of the chunk 'fmt ' in its short form.</summary>
    public static byte[] Format(int code, int channels, int sampleRate, int bits)
    {
        var format = new byte[16];
        BinaryPrimitives.WriteUInt16LittleEndian(format, (ushort)code);
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(2), (ushort)channels);
        BinaryPrimitives.WriteInt32LittleEndian(format.AsSpan(4), sampleRate);
        BinaryPrimitives.WriteInt32LittleEndian(format.AsSpan(8), sampleRate * channels * (bits / 8));
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(12), (ushort)(channels * (bits / 8)));
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(14), (ushort)bits);
        return format;
    }

    /// <summary>A chunk, filled up to an even number of bytes.</summary>
    public static byte[] Chunk(string name, byte[] content)
    {
        var header = new byte[8];
        System.Text.Encoding.ASCII.GetBytes(name, header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), content.Length);
        return [.. header, .. content, .. new byte[content.Length % 2]];
    }

    /// <summary>A file of chunks.</summary>
    public static byte[] File(params byte[][] chunks)
    {
        byte[] content = [.. "WAVE"u8, .. chunks.SelectMany(c => c)];
        return Chunk("RIFF", content);
    }

    /// <summary>Little-endian samples.</summary>
    public static byte[] Elements(params short[] samples) => [.. samples.SelectMany(s => new[] { (byte)s, (byte)(s >> 8) })];
}
