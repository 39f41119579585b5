using System.Buffers.Binary;
using System.IO.Compression;

namespace ModelCompiler.Compression.Data;

/// <summary>An array of bytes with dimensions, as the IDX format of the MNIST family stores it.</summary>
/// <param name="Dimensions">Sizes, outermost first.</param>
/// <param name="Elements">The elements in row-major order.</param>
public sealed record IdxFile(IReadOnlyList<int> Dimensions, byte[] Elements)
{
    private const byte UnsignedByte = 8;

    /// <summary>Reads a file; one whose name ends with <c>.gz</c> is decompressed.</summary>
    /// <exception cref="InvalidDataException">The file is not IDX, not of unsigned bytes, or shorter or longer than it claims.</exception>
    public static IdxFile Read(string path)
    {
        using var file = File.OpenRead(path);
        using Stream stream = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        try
        {
            return Read(stream);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    }

    private static IdxFile Read(Stream stream)
    {
        Span<byte> header = stackalloc byte[4];
        stream.ReadExactly(header);
        if (header[0] != 0 || header[1] != 0 || header[2] != UnsignedByte)
        {
            throw new InvalidDataException($"an IDX file of unsigned bytes begins with 00 00 08, found {Convert.ToHexString(header[..3])}");
        }

        var dimensions = new int[header[3]];
        long elements = 1;
        for (var i = 0; i < dimensions.Length; i++)
        {
            stream.ReadExactly(header);
            dimensions[i] = BinaryPrimitives.ReadInt32BigEndian(header);
            elements *= dimensions[i];
            if (dimensions[i] < 0 || elements > Array.MaxLength)
            {
                throw new InvalidDataException($"dimension {i} has the size {dimensions[i]}");
            }
        }

        // The claimed size is not allocated before that much was read.
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.Length == elements
            ? new IdxFile(dimensions, content.ToArray())
            : throw new InvalidDataException($"the dimensions need {elements} bytes, found {content.Length}");
    }
}
