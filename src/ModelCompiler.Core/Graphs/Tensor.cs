using System.Runtime.InteropServices;

namespace ModelCompiler.Graphs;

/// <summary>A constant: little-endian elements in row-major order. Never changed once made.</summary>
public sealed class Tensor
{
    private readonly ReadOnlyMemory<byte> _data;

    private Tensor(TensorType type, ReadOnlyMemory<byte> data)
    {
        if (data.Length != type.Bytes)
        {
            throw new ShapeException($"{type} needs {type.Bytes} bytes of data, found {data.Length}");
        }

        Type = type;
        _data = data;
    }

    /// <summary>Element type and shape.</summary>
    public TensorType Type { get; }

    /// <summary>Element type.</summary>
    public ElementType Element => Type.Element;

    /// <summary>Shape.</summary>
    public TensorShape Shape => Type.Shape;

    /// <summary>The elements as bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _data.Span;

    /// <summary>Makes a tensor that takes over <paramref name="data"/>; the caller must not change it afterwards.</summary>
    /// <exception cref="ShapeException">The array's length does not fit the type.</exception>
    public static Tensor FromBytes(TensorType type, byte[] data) => new(type, data);

    /// <summary>Makes a tensor that reads its elements where they are: in a part of a file, which must not change.</summary>
    /// <exception cref="ShapeException">The number of bytes does not fit the type.</exception>
    public static Tensor FromMemory(TensorType type, ReadOnlyMemory<byte> data) => new(type, data);

    /// <summary>Makes a tensor from a copy of <paramref name="elements"/>.</summary>
    /// <exception cref="ShapeException">The number of elements does not fit the shape, or <typeparamref name="T"/> the element type.</exception>
    public static Tensor From<T>(ElementType element, TensorShape shape, ReadOnlySpan<T> elements)
        where T : unmanaged => new(new TensorType(element, shape), MemoryMarshal.AsBytes(elements).ToArray());

    /// <summary>A float32 tensor.</summary>
    public static Tensor Floats(TensorShape shape, params float[] elements) => From<float>(ElementType.Float32, shape, elements);

    /// <summary>An int64 tensor of rank 1, the form in which shapes, axes and pads travel.</summary>
    public static Tensor Longs(params long[] elements) => From<long>(ElementType.Int64, new TensorShape(elements.Length), elements);

    /// <summary>The elements, reinterpreted as <typeparamref name="T"/>, whose size must be that of the element type.</summary>
    public ReadOnlySpan<T> As<T>()
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(_data.Span);

    /// <summary>The elements of an integer or bool tensor as 64-bit integers.</summary>
    /// <exception cref="ShapeException">The tensor is not of an integer type.</exception>
    public long[] ToLongs()
    {
        var result = new long[Shape.Elements];
        var bytes = Bytes;
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = Element switch
            {
                ElementType.Int64 => As<long>()[i],
                ElementType.Int32 => As<int>()[i],
                ElementType.UInt8 or ElementType.UInt4 or ElementType.UInt2 or ElementType.Bool => bytes[i],
                ElementType.Int8 or ElementType.Int4 or ElementType.Int2 => (sbyte)bytes[i],
                ElementType.Int16 => As<short>()[i],
                ElementType.UInt16 => As<ushort>()[i],
                ElementType.UInt32 => As<uint>()[i],
                ElementType.UInt64 => unchecked((long)As<ulong>()[i]),
                _ => throw new ShapeException($"integers were expected, found {Type}"),
            };
        }

        return result;
    }

    /// <summary>The elements of a float32 tensor.</summary>
    /// <exception cref="ShapeException">The tensor is not float32.</exception>
    public float[] ToFloats() =>
        Element == ElementType.Float32 ? As<float>().ToArray() : throw new ShapeException($"Float32 elements were expected, found {Type}");

    /// <summary>The same elements under another shape.</summary>
    /// <exception cref="ShapeException">The number of elements differs.</exception>
    public Tensor Reshape(TensorShape shape) => new(new TensorType(Element, shape), _data);
}
