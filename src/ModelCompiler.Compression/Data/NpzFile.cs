using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using ModelCompiler.Graphs;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Data;

/// <summary>Arrays by name, as NumPy's <c>savez</c> stores them: a zip of <c>.npy</c> files.</summary>
public static partial class NpzFile
{
    /// <summary>Reads all arrays.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or an array has elements or an order that are not supported.</exception>
    public static IReadOnlyList<NamedTensor> Read(string path)
    {
        using var zip = ZipFile.OpenRead(path);
        return
        [
            .. zip
                .Entries.Where(e => e.Name.EndsWith(".npy", StringComparison.Ordinal))
                .Select(e => ReadArray(path, e.Name[..^".npy".Length], e)),
        ];
    }

    private static NamedTensor ReadArray(string path, string name, ZipArchiveEntry entry)
    {
        using var content = new MemoryStream();
        using (var stream = entry.Open())
        {
            stream.CopyTo(content);
        }

        try
        {
            return ReadArray(name, content.ToArray());
        }
        catch (Exception e) when (e is InvalidDataException or ShapeException or ArgumentOutOfRangeException)
        {
            throw new InvalidDataException($"{path}, array '{name}': {e.Message}", e);
        }
    }

    private static NamedTensor ReadArray(string name, byte[] npy)
    {
        if (!npy.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x93, .. "NUMPY"u8]))
        {
            throw new InvalidDataException("this is not an array in NumPy's format");
        }

        // Version 1 counts the header with two bytes, later ones with four.
        var (start, length) =
            npy[6] == 1
                ? (10, BinaryPrimitives.ReadUInt16LittleEndian(npy.AsSpan(8)))
                : (12, BinaryPrimitives.ReadInt32LittleEndian(npy.AsSpan(8)));
        var header = Encoding.Latin1.GetString(npy.AsSpan(start, length));
        if (Header().Match(header) is not { Success: true } match)
        {
            throw new InvalidDataException($"the header {header.Trim()} is not supported");
        }

        var element = match.Groups["type"].Value switch
        {
            "<f4" => ElementType.Float32,
            "<f8" => ElementType.Float64,
            "|u1" => ElementType.UInt8,
            "|i1" => ElementType.Int8,
            "<i4" => ElementType.Int32,
            "<i8" => ElementType.Int64,
            "|b1" => ElementType.Bool,
            var other => throw new InvalidDataException($"elements of type {other} are not supported"),
        };
        var sizes = match
            .Groups["shape"]
            .Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(s => int.Parse(s, NumberStyles.None, CultureInfo.InvariantCulture));
        var tensor = Tensor.FromBytes(new TensorType(element, new TensorShape(sizes)), npy[(start + length)..]);
        return new NamedTensor(name, tensor.Type, Elements.From(tensor));
    }

    [GeneratedRegex(@"'descr':\s*'(?<type>[^']+)',\s*'fortran_order':\s*False,\s*'shape':\s*\((?<shape>[\d, ]*)\)")]
    private static partial Regex Header();
}
