using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using ModelCompiler.Graphs;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Data;

public static partial class NpzFile
{
    /// <summary>The content of a file with samples, one behind the other in an array for each input, as <see cref="Read(string)"/> reads them.</summary>
    /// <param name="samples">The samples; all have the same inputs of float32.</param>
    /// <exception cref="CompressionException">There are no samples, or an input is not float32.</exception>
    public static byte[] OfSamples(IReadOnlyList<IReadOnlyList<NamedTensor>> samples)
    {
        if (samples.Count == 0)
        {
            throw new CompressionException("there are no samples to calibrate with");
        }

        using var content = new MemoryStream();
        using (var zip = new ZipArchive(content, ZipArchiveMode.Create))
        {
            for (var i = 0; i < samples[0].Count; i++)
            {
                var input = samples[0][i];
                if (input.Type.Element != ElementType.Float32)
                {
                    throw new CompressionException($"input '{input.Name}' is {input.Type}; samples of float32 were expected");
                }

                using var array = zip.CreateEntry($"{input.Name}.npy").Open();
                array.Write(Header([samples.Count, .. input.Type.Shape]));
                foreach (var sample in samples)
                {
                    array.Write(LittleEndian((float[])sample[i].Elements));
                }
            }
        }

        return content.ToArray();
    }

    private static byte[] Header(IEnumerable<int> shape)
    {
        var sizes = string.Join(", ", shape.Select(s => s.ToString(CultureInfo.InvariantCulture)));
        var text = Encoding.ASCII.GetBytes($"{{'descr': '<f4', 'fortran_order': False, 'shape': ({sizes},), }}\n");
        byte[] header = [0x93, .. "NUMPY"u8, 1, 0, 0, 0, .. text];
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), (ushort)text.Length);
        return header;
    }

    private static ReadOnlySpan<byte> LittleEndian(float[] values) =>
        BitConverter.IsLittleEndian
            ? MemoryMarshal.AsBytes<float>(values)
            : values
                .SelectMany(v => BitConverter.GetBytes(BinaryPrimitives.ReverseEndianness(BitConverter.SingleToInt32Bits(v))))
                .ToArray();
}
