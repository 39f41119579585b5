using System.Buffers.Binary;

namespace ModelCompiler.Audio;

/// <summary>
/// A sound from a RIFF WAVE file: PCM of 8, 16, 24 or 32 bits or IEEE floats of 32 or 64 bits, also in the extensible form. Several channels
/// are mixed down to their mean.
/// </summary>
public sealed class WavFile
{
    private WavFile(string name, int sampleRate, int channels, float[] samples) =>
        (Name, SampleRate, Channels, Samples) = (name, sampleRate, channels, samples);

    /// <summary>What messages call it: the path that it was read from.</summary>
    public string Name { get; }

    /// <summary>Samples a second, of each channel.</summary>
    public int SampleRate { get; }

    /// <summary>Channels in the file.</summary>
    public int Channels { get; }

    /// <summary>The mean of the channels; full scale is −1 to 1, beyond which only files of floats can go.</summary>
    public float[] Samples { get; }

    /// <summary>The same sound with other samples, such as those of a filter.</summary>
    /// <param name="samples">Any number of samples, at the same rate.</param>
    public WavFile WithSamples(float[] samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        return new WavFile(Name, SampleRate, Channels, samples);
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, of another format, or too large.</exception>
    public static WavFile Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        const long mostBytes = 1L << 30;
        var length = new FileInfo(path).Length;
        return length <= mostBytes
            ? Parse(path, File.ReadAllBytes(path))
            : throw new InvalidDataException($"{path} has {length} bytes; sounds of at most {mostBytes} are read");
    }

    /// <summary>Reads a file that is in memory.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="content">The whole file.</param>
    /// <exception cref="InvalidDataException">The file is damaged or of another format.</exception>
    public static WavFile Parse(string name, ReadOnlySpan<byte> content)
    {
        ArgumentNullException.ThrowIfNull(name);
        try
        {
            var chunks = RiffChunks.Find(content);
            var format = WavFormat.Parse(chunks.Format);
            if (chunks.Data.Length % format.BytesOfFrame != 0)
            {
                throw new InvalidDataException(
                    $"chunk 'data' has {chunks.Data.Length} bytes, which are not whole samples of {format.Channels} channels and {format.BitsOfSample} bits"
                );
            }

            return new WavFile(name, format.SampleRate, format.Channels, Mix(chunks.Data, format));
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{name}: {e.Message}", e);
        }
    }

    private static float[] Mix(ReadOnlySpan<byte> data, WavFormat format)
    {
        var samples = new float[data.Length / format.BytesOfFrame];
        var bytesOfSample = format.BitsOfSample / 8;
        for (var i = 0; i < samples.Length; i++)
        {
            var sum = 0d;
            for (var channel = 0; channel < format.Channels; channel++)
            {
                sum += Decode(data[..bytesOfSample], format);
                data = data[bytesOfSample..];
            }

            samples[i] = (float)(sum / format.Channels);
            if (!float.IsFinite(samples[i]))
            {
                throw new InvalidDataException($"sample {i} is no finite number");
            }
        }

        return samples;
    }

    private static double Decode(ReadOnlySpan<byte> sample, WavFormat format) =>
        (format.IsFloat, format.BitsOfSample) switch
        {
            // Eight bits are unsigned, all others signed.
            (false, 8) => (sample[0] - 128) / 128d,
            (false, 16) => BinaryPrimitives.ReadInt16LittleEndian(sample) / 32768d,
            (false, 24) => ((BinaryPrimitives.ReadInt16LittleEndian(sample[1..]) << 8) | sample[0]) / 8388608d,
            (false, _) => BinaryPrimitives.ReadInt32LittleEndian(sample) / 2147483648d,
            (true, 32) => BinaryPrimitives.ReadSingleLittleEndian(sample),
            (true, _) => BinaryPrimitives.ReadDoubleLittleEndian(sample),
        };
}
