using System.Runtime.InteropServices;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;

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

    /// <summary>The bytes of an array of one of these types.</summary>
    public static Span<byte> Bytes(Array array) =>
        array is Half[] halves
            ? MemoryMarshal.AsBytes(halves.AsSpan())
            : MemoryMarshal.CreateSpan(ref MemoryMarshal.GetArrayDataReference(array), Buffer.ByteLength(array));

    /// <summary>The bytes of a tensor as files have them: elements of 2 and 4 bits are packed.</summary>
    public static byte[] InFile(NamedTensor tensor) =>
        PackedElements.ArePacked(tensor.Type.Element)
            ? PackedElements.Pack(Bytes(tensor.Elements), tensor.Type.Element)
            : Bytes(tensor.Elements).ToArray();

    /// <summary>The numbers that floats of at most 16 bits stand for.</summary>
    public static float[] Reals(NamedTensor tensor) =>
        CastEvaluator.Widened(Tensor.FromBytes(tensor.Type, Bytes(tensor.Elements).ToArray()));

    private static Type ClrType(ElementType type) =>
        type switch
        {
            ElementType.Float32 => typeof(float),
            ElementType.Float64 => typeof(double),
            ElementType.Float16 => typeof(Half),
            ElementType.Int8 or ElementType.Int4 or ElementType.Int2 => typeof(sbyte),
            ElementType.UInt16 or ElementType.BFloat16 => typeof(ushort),
            ElementType.Int16 => typeof(short),
            ElementType.Int32 => typeof(int),
            ElementType.UInt32 => typeof(uint),
            ElementType.Int64 => typeof(long),
            ElementType.UInt64 => typeof(ulong),
            ElementType.Bool => typeof(bool),
            ElementType.Undefined or ElementType.String => throw new ArgumentOutOfRangeException(
                nameof(type),
                type,
                "no C# type holds such elements"
            ),
            _ => typeof(byte),
        };
}
