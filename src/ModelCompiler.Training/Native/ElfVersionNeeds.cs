using System.Buffers.Binary;
using System.Text;

namespace ModelCompiler.Training.Native;

/// <summary>
/// The versions that a 64-bit little-endian ELF library asks of the libraries it is linked with. The loader refuses a library when a
/// version it asks for is missing, even where no symbol of that version is used; one that is marked weak it lets pass.
/// </summary>
internal static class ElfVersionNeeds
{
    private const uint SectionTypeVersionNeeds = 0x6ffffffe;
    private const ushort Weak = 2;

    /// <summary>Marks every need of a version as weak, in place.</summary>
    /// <returns>How many needs were marked; 0 where the library does not ask for the version.</returns>
    /// <exception cref="InvalidDataException">The bytes are not such a library.</exception>
    public static int MarkWeak(Span<byte> elf, string version)
    {
        if (elf.Length < 64 || !elf[..6].SequenceEqual("\u007fELF\u0002\u0001"u8))
        {
            throw new InvalidDataException("this is not a 64-bit little-endian ELF file");
        }

        try
        {
            var marked = 0;
            foreach (var (needs, names) in VersionSections(elf))
            {
                marked += MarkWeak(elf, needs, names, version);
            }

            return marked;
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException("the ELF file is damaged: an offset lies outside of it", e);
        }
    }

    /// <summary>Offsets of each section of version needs and of the strings that it names.</summary>
    private static List<(int Needs, int Names)> VersionSections(ReadOnlySpan<byte> elf)
    {
        var sections = Offset(elf, 0x28);
        int size = Half(elf, 0x3a);
        int count = Half(elf, 0x3c);
        var found = new List<(int, int)>();
        for (var i = 0; i < count; i++)
        {
            var header = checked(sections + (i * size));
            if (Word(elf, header + 4) == SectionTypeVersionNeeds)
            {
                var names = checked(sections + ((int)Word(elf, header + 0x28) * size));
                found.Add((Offset(elf, header + 0x18), Offset(elf, names + 0x18)));
            }
        }

        return found;
    }

    // A section is a list of libraries (Verneed), each with a list of versions (Vernaux); links are distances, 0 ends a list.
    private static int MarkWeak(Span<byte> elf, int section, int names, string version)
    {
        var marked = 0;
        for (int library = section, next = -1; next != 0; library += next)
        {
            next = checked((int)Word(elf, library + 12));
            var need = checked(library + (int)Word(elf, library + 8));
            for (int step = -1; step != 0; need += step)
            {
                step = checked((int)Word(elf, need + 12));
                if (TextAt(elf, checked(names + (int)Word(elf, need + 8))) == version)
                {
                    var flags = elf.Slice(need + 4, 2);
                    BinaryPrimitives.WriteUInt16LittleEndian(flags, (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(flags) | Weak));
                    marked++;
                }
            }
        }

        return marked;
    }

    private static string TextAt(ReadOnlySpan<byte> elf, int offset)
    {
        var text = elf[offset..];
        return Encoding.ASCII.GetString(text[..Math.Max(text.IndexOf((byte)0), 0)]);
    }

    private static int Offset(ReadOnlySpan<byte> elf, int at) =>
        BinaryPrimitives.ReadUInt64LittleEndian(elf.Slice(at, 8)) is var offset && offset < (ulong)elf.Length
            ? (int)offset
            : throw new InvalidDataException($"the ELF file is damaged: the offset {offset} lies outside of it");

    private static uint Word(ReadOnlySpan<byte> elf, int at) => BinaryPrimitives.ReadUInt32LittleEndian(elf.Slice(at, 4));

    private static ushort Half(ReadOnlySpan<byte> elf, int at) => BinaryPrimitives.ReadUInt16LittleEndian(elf.Slice(at, 2));
}
