using System.Runtime.InteropServices;

namespace ModelCompiler.Graphs.Folding;

/// <summary>
/// The elements of constants in the two forms that evaluators compute with: floats as double, which adds, multiplies, divides and
/// takes roots of float32 without a second rounding that would show, and everything else as 64-bit integer.
/// </summary>
internal static class Elements
{
    public static bool AreFloat(ElementType type) => type is ElementType.Float32 or ElementType.Float64;

    public static double[] Doubles(Tensor tensor)
    {
        if (tensor.Element == ElementType.Float64)
        {
            return tensor.As<double>().ToArray();
        }

        var result = new double[tensor.Shape.Elements];
        var floats = tensor.As<float>();
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = floats[i];
        }

        return result;
    }

    public static Tensor FromDoubles(TensorType type, double[] elements) =>
        type.Element == ElementType.Float64
            ? Tensor.From<double>(type.Element, type.Shape, elements)
            : Tensor.From<float>(type.Element, type.Shape, [.. elements.Select(e => (float)e)]);

    /// <summary>A tensor of an integer type or bool; integers wrap around.</summary>
    public static Tensor FromLongs(TensorType type, long[] elements)
    {
        if (PackedElements.ArePacked(type.Element))
        {
            // Of the lowest bits, which a file would have, each element gets its byte.
            var lowest = Array.ConvertAll(elements, e => unchecked((byte)e));
            return Tensor.FromBytes(type, PackedElements.Unpack(PackedElements.Pack(lowest, type.Element), type));
        }

        var size = type.Element.SizeInBytes();
        var bytes = new byte[type.Bytes];
        var source = MemoryMarshal.AsBytes(elements.AsSpan());
        for (var i = 0; i < elements.Length; i++)
        {
            source.Slice(i * sizeof(long), size).CopyTo(bytes.AsSpan(i * size));
        }

        return Tensor.FromBytes(type, bytes);
    }

    /// <summary>For each element of a shape the element of another that broadcasts to it.</summary>
    public static int[] BroadcastIndices(TensorShape from, TensorShape to)
    {
        var (strides, missing) = (from.Strides(), to.Rank - from.Rank);
        var result = new int[to.Elements];
        for (var i = 0; i < result.Length; i++)
        {
            var rest = i;
            for (var axis = to.Rank - 1; axis >= 0; axis--)
            {
                var coordinate = rest % to[axis];
                rest /= to[axis];
                if (axis >= missing && from[axis - missing] > 1)
                {
                    result[i] += coordinate * strides[axis - missing];
                }
            }
        }

        return result;
    }
}
