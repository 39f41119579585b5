using System.Runtime.InteropServices;
using ModelCompiler.Graphs;

namespace ModelCompiler.Verification;

/// <summary>Arrays of the C# type that an element type has.</summary>
public static class Elements
{
    /// <summary>An array of zeros with one entry an element.</summary>
    public static Array Allocate(TensorType type) => Array.CreateInstance(ClrType(type.Element), type.Shape.Elements);

    /// <summary>An array with the elements of a constant.</summary>
    public static Array From(Tensor tensor)
    {
        var array = Allocate(tensor.Type);
        tensor.Bytes.CopyTo(Bytes(array));
        return array;
    }

    /// <summary>The bytes of an array of a primitive type.</summary>
    public static Span<byte> Bytes(Array array) =>
        MemoryMarshal.CreateSpan(ref MemoryMarshal.GetArrayDataReference(array), Buffer.ByteLength(array));

    private static Type ClrType(ElementType type) =>
        type switch
        {
            ElementType.Float32 => typeof(float),
            ElementType.Float64 => typeof(double),
            ElementType.UInt8 or ElementType.UInt4 => typeof(byte),
            ElementType.Int8 or ElementType.Int4 => typeof(sbyte),
            ElementType.UInt16 => typeof(ushort),
            ElementType.Int16 => typeof(short),
            ElementType.Int32 => typeof(int),
            ElementType.UInt32 => typeof(uint),
            ElementType.Int64 => typeof(long),
            ElementType.UInt64 => typeof(ulong),
            ElementType.Bool => typeof(bool),
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no C# type holds such elements"),
        };
}
