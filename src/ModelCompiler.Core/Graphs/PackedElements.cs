namespace ModelCompiler.Graphs;

/// <summary>Elements of 2 and 4 bits, which files hold several in a byte, the first in the lowest bits, and graphs one a byte.</summary>
internal static class PackedElements
{
    /// <summary>Whether a file holds several elements of the type in a byte.</summary>
    public static bool ArePacked(ElementType element) => element.BitsInFile() is > 0 and < 8;

    /// <summary>Bytes that a tensor takes in a file.</summary>
    public static int BytesInFile(TensorType type) => (int)((((long)type.Shape.Elements * type.Element.BitsInFile()) + 7) / 8);

    /// <summary>One element a byte; those of signed integers with their sign.</summary>
    /// <exception cref="ShapeException">There are too few bytes.</exception>
    public static byte[] Unpack(ReadOnlySpan<byte> packed, TensorType type)
    {
        if (packed.Length < BytesInFile(type))
        {
            throw new ShapeException($"{type} needs {BytesInFile(type)} bytes of data, found {packed.Length}");
        }

        var bits = type.Element.BitsInFile();
        var (perByte, mask, sign) = (8 / bits, (1 << bits) - 1, type.Element.LowestValue() < 0 ? 1 << (bits - 1) : 0);
        var unpacked = new byte[type.Shape.Elements];
        for (var i = 0; i < unpacked.Length; i++)
        {
            var element = packed[i / perByte] >> (i % perByte * bits) & mask;
            unpacked[i] = unchecked((byte)((element ^ sign) - sign));
        }

        return unpacked;
    }

    /// <summary>The bytes of a file.</summary>
    public static byte[] Pack(ReadOnlySpan<byte> elements, ElementType element)
    {
        var bits = element.BitsInFile();
        var (perByte, mask) = (8 / bits, (1 << bits) - 1);
        var packed = new byte[(elements.Length + perByte - 1) / perByte];
        for (var i = 0; i < elements.Length; i++)
        {
            packed[i / perByte] |= (byte)((elements[i] & mask) << (i % perByte * bits));
        }

        return packed;
    }
}
