using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace ModelCompiler.Cli.Tests;

/// <summary>Tiny data sets in the forms that the commands read.</summary>
internal static class TrainingData
{
    /// <summary>A folder like MNIST's, of images of 8×8 with a bright row, a bright column, or neither.</summary>
    public static string WriteImages(string folder, int training = 96, int test = 24, int classes = 3)
    {
        Directory.CreateDirectory(folder);
        foreach (var (part, count) in new[] { ("train", training), ("t10k", test) })
        {
            var random = new Random(count);
            byte[] labels = [.. Enumerable.Range(0, count).Select(i => (byte)(i % classes))];
            byte[] pixels = [.. labels.SelectMany(label => Image(label, random))];
            File.WriteAllBytes(Path.Combine(folder, $"{part}-images-idx3-ubyte"), Idx([count, 8, 8], pixels));
            File.WriteAllBytes(Path.Combine(folder, $"{part}-labels-idx1-ubyte"), Idx([count], labels));
        }

        return folder;
    }

    /// <summary>Rows of four numbers, whose class says whether the first or the second is greater.</summary>
    public static string WriteArrays(string path, int count = 64, bool withTargets = true)
    {
        var random = new Random(1);
        float[] x = [.. Enumerable.Range(0, count * 4).Select(_ => random.NextSingle())];
        long[] y = [.. Enumerable.Range(0, count).Select(i => x[i * 4] > x[(i * 4) + 1] ? 0L : 1)];
        using var zip = ZipFile.Open(path, ZipArchiveMode.Create);
        Add(zip, "x", "<f4", $"({count}, 4)", [.. x.SelectMany(BitConverter.GetBytes)]);
        if (withTargets)
        {
            Add(zip, "y", "<i8", $"({count},)", [.. y.SelectMany(BitConverter.GetBytes)]);
        }

        return path;
    }

    /// <summary>Rows of eight numbers of which two decide the others, without targets.</summary>
    public static string WriteItems(string path, int count = 64)
    {
        var random = new Random(1);
        float[] x =
        [
            .. Enumerable
                .Range(0, count)
                .SelectMany(_ =>
                {
                    var (a, b) = (random.NextSingle(), random.NextSingle());
                    return new[] { a, b, a + b, a - b, 2 * a, -b, 1 - a, b / 2 };
                }),
        ];
        using var zip = ZipFile.Open(path, ZipArchiveMode.Create);
        Add(zip, "measured", "<f4", $"({count}, 8)", [.. x.SelectMany(BitConverter.GetBytes)]);
        return path;
    }

    /// <summary>Images of 8×8 with maps that say where they are bright.</summary>
    public static string WriteMaps(string path, int count = 32)
    {
        var random = new Random(1);
        float[] x = [.. Enumerable.Range(0, count * 64).Select(_ => random.NextSingle())];
        using var zip = ZipFile.Open(path, ZipArchiveMode.Create);
        Add(zip, "x", "<f4", $"({count}, 1, 8, 8)", [.. x.SelectMany(BitConverter.GetBytes)]);
        Add(zip, "y", "|u1", $"({count}, 8, 8)", [.. x.Select(p => p > 0.5 ? (byte)1 : (byte)0)]);
        return path;
    }

    private static IEnumerable<byte> Image(byte label, Random random)
    {
        var line = random.Next(8);
        return Enumerable
            .Range(0, 64)
            .Select(p => (label == 0 && p / 8 == line) || (label == 1 && p % 8 == line) ? (byte)255 : (byte)random.Next(80))
            .ToArray();
    }

    private static byte[] Idx(int[] sizes, byte[] elements)
    {
        var header = new byte[4 + (4 * sizes.Length)];
        (header[2], header[3]) = (8, (byte)sizes.Length);
        for (var i = 0; i < sizes.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4 + (4 * i)), sizes[i]);
        }

        return [.. header, .. elements];
    }

    private static void Add(ZipArchive zip, string name, string type, string shape, byte[] elements)
    {
        var header = Encoding.ASCII.GetBytes($"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}\n");
        using var stream = zip.CreateEntry($"{name}.npy").Open();
        stream.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, (byte)(header.Length >> 8), .. header, .. elements]);
    }
}
