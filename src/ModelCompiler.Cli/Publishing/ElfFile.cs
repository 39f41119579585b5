using System.Buffers.Binary;

namespace ModelCompiler.Cli.Publishing;

/// <summary>What the sections of a 64-bit ELF file hold.</summary>
internal static class ElfFile
{
    /// <summary>
    /// Bytes of all sections that are in the file and in memory: code, constants, tables. The size of the file itself goes in steps of
    /// pages, one a segment.
    /// </summary>
    /// <param name="path">A file that a linker has made on this machine: its offsets are believed.</param>
    public static long LoadedBytes(string path)
    {
        const int SectionInMemory = 2;
        const int SectionWithoutBytes = 8;
        ReadOnlySpan<byte> file = File.ReadAllBytes(path);
        var (table, size, count) = (
            (int)BinaryPrimitives.ReadInt64LittleEndian(file[0x28..]),
            BinaryPrimitives.ReadUInt16LittleEndian(file[0x3A..]),
            BinaryPrimitives.ReadUInt16LittleEndian(file[0x3C..])
        );
        var bytes = 0L;
        for (var i = 0; i < count; i++)
        {
            var section = file.Slice(table + (i * size), size);
            var type = BinaryPrimitives.ReadInt32LittleEndian(section[4..]);
            var flags = BinaryPrimitives.ReadInt64LittleEndian(section[8..]);
            if ((flags & SectionInMemory) != 0 && type != SectionWithoutBytes)
            {
                bytes += BinaryPrimitives.ReadInt64LittleEndian(section[32..]);
            }
        }

        return bytes;
    }
}
