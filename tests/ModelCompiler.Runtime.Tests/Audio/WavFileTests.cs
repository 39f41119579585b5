using System.Buffers.Binary;
using ModelCompiler.Audio;
using ModelCompiler.Testing;

namespace ModelCompiler.Runtime.Tests.Audio;

public sealed class WavFileTests
{
    [Theory]
    [InlineData(1, 8, "80 00 FF", new[] { 0, -1, 127f / 128 })]
    [InlineData(1, 16, "00 00 00 80 FF 7F", new[] { 0, -1, 32767f / 32768 })]
    [InlineData(1, 24, "00 00 00 00 00 80 FF FF FF 01 00 40", new[] { 0, -1, -1f / 8388608, 4194305f / 8388608 })]
    [InlineData(1, 32, "00 00 00 00 00 00 00 80 00 00 00 20", new[] { 0, -1, 0.25f })]
    [InlineData(3, 32, "00 00 00 BF 00 00 40 40", new[] { -0.5f, 3 })]
    [InlineData(3, 64, "00 00 00 00 00 00 E0 3F", new[] { 0.5f })]
    public void Every_format_has_a_full_scale_of_one(int code, int bits, string data, float[] expected)
    {
        byte[] samples = Convert.FromHexString(data.Replace(" ", ""));
        var file = Parse(Format(code, 1, bits), WavBytes.Chunk("data", samples));
        Assert.Equal(expected, file.Samples);
        Assert.Equal((8000, 1), (file.SampleRate, file.Channels));
    }

    [Fact]
    public void Channels_are_mixed_down_to_their_mean()
    {
        var file = Parse(Format(1, 2, 16), WavBytes.Chunk("data", WavBytes.Elements(16384, 0, -32768, -32768)));
        Assert.Equal([0.25f, -1], file.Samples);
        Assert.Equal(2, file.Channels);
    }

    [Fact]
    public void The_extensible_form_says_the_format_in_its_identifier()
    {
        byte[] format = [.. WavBytes.Format(0xFFFE, 1, 8000, 24), 22, 0, 24, 0, 4, 0, 0, 0, 1, 0, .. new byte[14]];
        var file = Parse(WavBytes.Chunk("fmt ", format), WavBytes.Chunk("data", [0, 0, 0x40]));
        Assert.Equal([0.5f], file.Samples);
    }

    [Fact]
    public void Other_chunks_are_passed_over_whether_their_size_is_even_or_odd()
    {
        var file = Parse(WavBytes.Chunk("LIST", [1, 2, 3]), Format(1, 1, 16), WavBytes.Chunk("fact", [4, 5]), Data(16384));
        Assert.Equal([0.5f], file.Samples);
    }

    [Fact]
    public void A_file_is_read_from_disk_and_messages_name_it()
    {
        var folder = Directory.CreateTempSubdirectory("modelcompiler-wav-");
        try
        {
            var path = Path.Combine(folder.FullName, "sound.wav");
            File.WriteAllBytes(path, WavBytes.Of(16000, 8192));
            Assert.Equal([0.25f], WavFile.Read(path).Samples);
            File.WriteAllText(path, "RIFF");
            Assert.StartsWith(path, Assert.Throws<InvalidDataException>(() => WavFile.Read(path)).Message, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public static TheoryData<string, byte[]> Damaged =>
        new()
        {
            { "a WAV file begins with RIFF", [] },
            { "a WAV file begins with RIFF", "RIFX____WAVE"u8.ToArray() },
            { "there is no chunk 'data'", WavBytes.File(Format(1, 1, 16)) },
            { "there is no chunk 'fmt ' in front", WavBytes.File(Data(1)) },
            { "chunk 'data' claims 4294967295 bytes, the file has 2 more", WavBytes.File(Format(1, 1, 16), Claim(Data(1), uint.MaxValue)) },
            { "chunk 'LI?T' claims 9 bytes", WavBytes.File(Claim(WavBytes.Chunk("LI\nT", [1, 2]), 9)) },
            { "chunk 'fmt ' has 14 bytes of at least 16", WavBytes.File(WavBytes.Chunk("fmt ", new byte[14]), Data(1)) },
            {
                "chunk 'fmt ' has 16 bytes of at least 40",
                WavBytes.File(WavBytes.Chunk("fmt ", WavBytes.Format(0xFFFE, 1, 8000, 16)), Data(1))
            },
            { "format 7 with 8 bits is not read", WavBytes.File(Format(7, 1, 8), Data(1)) },
            { "format 1 with 12 bits is not read", WavBytes.File(Format(1, 1, 12), Data(1)) },
            { "0 channels at 8000", WavBytes.File(Format(1, 0, 16), Data(1)) },
            { "1 channels at 0", WavBytes.File(WavBytes.Chunk("fmt ", WavBytes.Format(1, 1, 0, 16)), Data(1)) },
            { "1 channels at 4294967295", WavBytes.File(WavBytes.Chunk("fmt ", WavBytes.Format(1, 1, -1, 16)), Data(1)) },
            { "2 channels of 16 bits are 4 bytes, the chunk 'fmt ' says 6", WavBytes.File(FrameOf(6), Data(1)) },
            { "chunk 'data' has 2 bytes, which are not whole samples of 2 channels", WavBytes.File(Format(1, 2, 16), Data(1)) },
            { "sample 0 is no finite number", WavBytes.File(Format(3, 1, 32), WavBytes.Chunk("data", [0, 0, 0xC0, 0x7F])) },
        };

    [Theory]
    [MemberData(nameof(Damaged))]
    public void Damage_is_told_in_a_sentence(string sentence, byte[] content)
    {
        var message = Assert.Throws<InvalidDataException>(() => WavFile.Parse("sound.wav", content)).Message;
        Assert.Contains($"sound.wav: {sentence}", message, StringComparison.Ordinal);
    }

    /// <summary>Any byte may be wrong and the end may be missing: there are samples or a sentence, and never another exception.</summary>
    [Fact]
    public void Files_cut_or_changed_anywhere_give_samples_or_a_sentence()
    {
        var whole = WavBytes.File(
            Format(1, 2, 16),
            WavBytes.Chunk("LIST", [1, 2, 3]),
            WavBytes.Chunk("data", WavBytes.Elements(1, 2, 3, 4))
        );
        var refused = 0;
        for (var i = 0; i < whole.Length; i++)
        {
            refused += IsRefused(whole[..i]);
            foreach (var value in new byte[] { 0, 1, 0x7F, 0x80, 0xFF })
            {
                byte[] changed = [.. whole];
                changed[i] = value;
                refused += IsRefused(changed);
            }
        }

        Assert.InRange(refused, whole.Length, 5 * whole.Length);

        static int IsRefused(byte[] content)
        {
            try
            {
                Assert.InRange(WavFile.Parse("x", content).Samples.Length, 0, 8);
                return 0;
            }
            catch (InvalidDataException)
            {
                return 1;
            }
        }
    }

    private static WavFile Parse(params byte[][] chunks) => WavFile.Parse("sound.wav", WavBytes.File(chunks));

    private static byte[] Format(int code, int channels, int bits) => WavBytes.Chunk("fmt ", WavBytes.Format(code, channels, 8000, bits));

    private static byte[] Data(params short[] samples) => WavBytes.Chunk("data", WavBytes.Elements(samples));

    private static byte[] FrameOf(int bytes)
    {
        var format = Format(1, 2, 16);
        format[8 + 12] = (byte)bytes;
        return format;
    }

    private static byte[] Claim(byte[] chunk, uint size)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(chunk.AsSpan(4), size);
        return chunk;
    }
}
