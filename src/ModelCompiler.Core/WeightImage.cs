using System.Runtime.InteropServices;

namespace ModelCompiler;

/// <summary>Writes packed elements; everything that it does not write is zero.</summary>
/// <param name="packed">Where they go.</param>
internal delegate void PackWeights<T>(Span<T> packed)
    where T : unmanaged;

/// <summary>
/// All packed weights of a model, one behind the other. Their sizes are known when the model is planned; they are packed when
/// somebody asks for the bytes, because the public half of a class, an editor and a budget need only the sizes.
/// </summary>
public sealed class WeightImage
{
    private readonly IReadOnlyList<Part> _parts;

    internal WeightImage(int length, IReadOnlyList<Part> parts)
    {
        Length = length;
        _parts = parts;
    }

    /// <summary>No weights.</summary>
    public static WeightImage Empty { get; } = new(0, []);

    /// <summary>Number of bytes.</summary>
    public int Length { get; }

    /// <summary>Bytes that are packed already.</summary>
    public static WeightImage Of(byte[] bytes) => new(bytes.Length, [new Part(0, bytes.Length, target => bytes.AsSpan().CopyTo(target))]);

    /// <summary>Packs the weights.</summary>
    /// <param name="target">Where they go, <see cref="Length"/> bytes.</param>
    public void Pack(Span<byte> target)
    {
        target.Clear();
        foreach (var part in _parts)
        {
            part.Pack(target.Slice(part.Offset, part.Bytes));
        }
    }

    /// <summary>Packs the weights.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Length];
        Pack(bytes);
        return bytes;
    }

    /// <summary>A range of the weights and what writes it.</summary>
    internal sealed record Part(int Offset, int Bytes, PackWeights<byte> Pack)
    {
        public static Part Of<T>(int offset, int bytes, PackWeights<T> pack)
            where T : unmanaged => new(offset, bytes, target => pack(MemoryMarshal.Cast<byte, T>(target)));
    }
}
