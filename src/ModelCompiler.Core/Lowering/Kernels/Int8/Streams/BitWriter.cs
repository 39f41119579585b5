namespace ModelCompiler.Lowering.Kernels.Int8.Streams;

/// <summary>Writes bits, the first of a byte being its highest.</summary>
internal sealed class BitWriter
{
    private readonly List<byte> _bytes = [];
    private ulong _pending;
    private int _count;

    /// <summary>Appends the lowest bits of a number, the highest of them first.</summary>
    /// <param name="value">The number.</param>
    /// <param name="bits">How many bits, at most 56.</param>
    public void Write(ulong value, int bits)
    {
        _pending = (_pending << bits) | (value & ((1UL << bits) - 1));
        for (_count += bits; _count >= 8; _count -= 8)
        {
            _bytes.Add(unchecked((byte)(_pending >> (_count - 8))));
        }
    }

    /// <summary>All bits, the last byte filled up with zeros.</summary>
    public byte[] ToArray() => _count == 0 ? [.. _bytes] : [.. _bytes, unchecked((byte)(_pending << (8 - _count)))];
}
