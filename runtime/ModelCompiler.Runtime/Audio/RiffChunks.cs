using System.Buffers.Binary;

namespace ModelCompiler.Audio;

/// <summary>The two chunks of a RIFF WAVE file that matter.</summary>
internal readonly ref struct RiffChunks
{
    private const int HeaderBytes = 8;

    public ReadOnlySpan<byte> Format { get; private init; }

    public ReadOnlySpan<byte> Data { get; private init; }

    /// <summary>Walks over the chunks of a file; of others than 'fmt ' and 'data' only the size is looked at.</summary>
    public static RiffChunks Find(ReadOnlySpan<byte> content)
    {
        if (content.Length < 12 || !content.StartsWith("RIFF"u8) || !content[8..].StartsWith("WAVE"u8))
        {
            throw new InvalidDataException("a WAV file begins with RIFF, a size and WAVE, which this one does not");
        }

        ReadOnlySpan<byte> format = default;
        for (var rest = content[12..]; rest.Length >= HeaderBytes; )
        {
            var chunk = Body(rest);
            if (rest.StartsWith("fmt "u8))
            {
                format = chunk;
            }
            else if (rest.StartsWith("data"u8))
            {
                return format.IsEmpty
                    ? throw new InvalidDataException("there is no chunk 'fmt ' in front of the chunk 'data'")
                    : new RiffChunks { Format = format, Data = chunk };
            }

            // A byte fills a chunk of odd size up, which the last one of a file may lack.
            rest = rest[Math.Min(HeaderBytes + chunk.Length + (chunk.Length % 2), rest.Length)..];
        }

        throw new InvalidDataException("there is no chunk 'data'");
    }

    private static ReadOnlySpan<byte> Body(ReadOnlySpan<byte> rest)
    {
        var size = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
        var body = rest[HeaderBytes..];
        return size <= body.Length
            ? body[..(int)size]
            : throw new InvalidDataException($"chunk '{Name(rest)}' claims {size} bytes, the file has {body.Length} more");
    }

    /// <summary>The four letters, with a question mark for what cannot be printed.</summary>
    private static string Name(ReadOnlySpan<byte> chunk)
    {
        Span<char> name = stackalloc char[4];
        for (var i = 0; i < name.Length; i++)
        {
            name[i] = char.IsBetween((char)chunk[i], ' ', '~') ? (char)chunk[i] : '?';
        }

        return name.ToString();
    }
}
