using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;
using static TorchSharp.torch;
using Constant = ModelCompiler.Graphs.Tensor;
using Elements = ModelCompiler.Verification.Elements;

namespace ModelCompiler.Training.Graphs;

/// <summary>
/// How values of a graph are held as tensors. Integers of at most 16 bits are held as float32, which represents each of them: they are
/// quantised numbers, and gradients have to pass through them. So are floats of at most 16 bits.
/// </summary>
internal static class TorchTypes
{
    /// <summary>The type of the tensor that holds elements of a type.</summary>
    public static ScalarType Of(ElementType element) =>
        element switch
        {
            ElementType.Float64 => ScalarType.Float64,
            ElementType.Bool => ScalarType.Bool,
            ElementType.Int32 => ScalarType.Int32,
            ElementType.Int64 or ElementType.UInt32 or ElementType.UInt64 => ScalarType.Int64,
            _ => ScalarType.Float32,
        };

    /// <summary>A shape as libtorch takes it.</summary>
    public static long[] Sizes(IEnumerable<int> shape) => [.. shape.Select(s => (long)s)];

    /// <summary>A constant as a tensor.</summary>
    public static Tensor ToTensor(Constant constant) => ToTensor(constant.Type, Elements.From(constant));

    /// <summary>An array with the elements of a value as a tensor.</summary>
    public static Tensor ToTensor(TensorType type, Array elements)
    {
        var sizes = Sizes(type.Shape);
        return elements switch
        {
            float[] floats => tensor(floats, sizes),
            double[] doubles => tensor(doubles, sizes),
            bool[] bools => tensor(bools, sizes),
            int[] ints => tensor(ints, sizes),
            long[] longs => tensor(longs, sizes),
            _ when type.Element.IsNarrowFloat() => tensor(
                CastEvaluator.Widened(Constant.FromBytes(type, Elements.Bytes(elements).ToArray())),
                sizes
            ),
            _ when Of(type.Element) == ScalarType.Int64 => tensor(Longs(type, elements), sizes),
            _ => tensor([.. Longs(type, elements).Select(l => (float)l)], sizes),
        };
    }

    private static long[] Longs(TensorType type, Array elements) => Constant.FromBytes(type, Elements.Bytes(elements).ToArray()).ToLongs();
}
