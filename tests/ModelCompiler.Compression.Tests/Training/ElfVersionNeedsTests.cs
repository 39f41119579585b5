using System.Buffers.Binary;
using System.Text;
using ModelCompiler.Training.Native;

namespace ModelCompiler.Compression.Tests.Training;

public sealed class ElfVersionNeedsTests
{
    private const int Needs = 64;
    private const int FirstNeed = Needs + 16;
    private const int SecondNeed = FirstNeed + 16;
    private const int NeedOfOtherLibrary = SecondNeed + 16 + 16;
    private const int Names = NeedOfOtherLibrary + 16;
    private const int Sections = 192;

    [Fact]
    public void Only_the_needs_of_the_named_version_become_weak()
    {
        var elf = Library();
        Assert.Equal(2, ElfVersionNeeds.MarkWeak(elf, "GLIBCXX_3.4.32"));
        Assert.Equal([0, 3, 2], Flags(elf));

        var expected = Library();
        (expected[SecondNeed + 4], expected[NeedOfOtherLibrary + 4]) = (3, 2);
        Assert.Equal(expected, elf);
    }

    [Fact]
    public void A_library_without_the_version_stays_as_it_is()
    {
        var elf = Library();
        Assert.Equal(0, ElfVersionNeeds.MarkWeak(elf, "GLIBCXX_3.4.3"));
        Assert.Equal(Library(), elf);
    }

    [Fact]
    public void Damaged_files_are_refused()
    {
        var whole = Library();
        var lastByteRead = Sections + 128 + 0x18 + 8;
        for (var length = 0; length < lastByteRead; length++)
        {
            var damaged = whole[..length];
            Assert.Throws<InvalidDataException>(() => ElfVersionNeeds.MarkWeak(damaged, "GLIBCXX_3.4.32"));
        }

        BinaryPrimitives.WriteUInt32LittleEndian(whole.AsSpan(Needs + 8), uint.MaxValue);
        Assert.Throws<InvalidDataException>(() => ElfVersionNeeds.MarkWeak(whole, "GLIBCXX_3.4.32"));

        Assert.Throws<InvalidDataException>(() => ElfVersionNeeds.MarkWeak(new byte[1000], "GLIBCXX_3.4.32"));
    }

    [Fact]
    public void The_library_of_TorchSharp_asks_for_the_version_until_it_is_marked()
    {
        var elf = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so"));
        var before = elf.ToArray();
        Assert.Equal(1, ElfVersionNeeds.MarkWeak(elf, "GLIBCXX_3.4.32"));
        Assert.Equal(1, elf.Zip(before).Count(bytes => bytes.First != bytes.Second));
    }

    private static int[] Flags(byte[] elf) =>
        [
            .. new[] { FirstNeed, SecondNeed, NeedOfOtherLibrary }.Select(n =>
                (int)BinaryPrimitives.ReadUInt16LittleEndian(elf.AsSpan(n + 4))
            ),
        ];

    /// <summary>
    /// An ELF file with three sections: none, version needs, names. Library A needs version 30 and 32 (flag 1 already set), B needs 32.
    /// </summary>
    private static byte[] Library()
    {
        var elf = new byte[Sections + (3 * 64)];
        "\u007fELF\u0002\u0001"u8.CopyTo(elf);
        Put64(0x28, Sections);
        Put16(0x3a, 64);
        Put16(0x3c, 3);

        Put32(Sections + 64 + 4, 0x6ffffffe);
        Put64(Sections + 64 + 0x18, Needs);
        Put32(Sections + 64 + 0x28, 2);
        Put64(Sections + 128 + 0x18, Names);
        Encoding.ASCII.GetBytes("\0GLIBCXX_3.4.30\0GLIBCXX_3.4.32\0").CopyTo(elf, Names);

        Put32(Needs + 8, 16);
        Put32(Needs + 12, SecondNeed + 16 - Needs);
        Put32(FirstNeed + 8, 1);
        Put32(FirstNeed + 12, 16);
        Put16(SecondNeed + 4, 1);
        Put32(SecondNeed + 8, 16);
        Put32(SecondNeed + 16 + 8, 16);
        Put32(NeedOfOtherLibrary + 8, 16);
        return elf;

        void Put16(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(at), value);
        void Put32(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(elf.AsSpan(at), value);
        void Put64(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(at), value);
    }
}
