using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Contrib;

/// <summary>GatherBlockQuantized and MatMulBnb4 of com.microsoft.</summary>
internal static class BlockQuantisedImport
{
    /// <summary>The values of the type FP4 (quant_type 0) and of NF4 (1) of bitsandbytes.</summary>
    private static readonly float[][] Values =
    [
        [
            0,
            5.208333333e-03f,
            0.66666667f,
            1,
            0.33333333f,
            0.5f,
            0.16666667f,
            0.25f,
            0,
            -5.208333333e-03f,
            -0.66666667f,
            -1,
            -0.33333333f,
            -0.5f,
            -0.16666667f,
            -0.25f,
        ],
        [
            -1,
            -0.6961928009986877f,
            -0.5250730514526367f,
            -0.39491748809814453f,
            -0.28444138169288635f,
            -0.18477343022823334f,
            -0.09105003625154495f,
            0,
            0.07958029955625534f,
            0.16093020141124725f,
            0.24611230194568634f,
            0.33791524171829224f,
            0.44070982933044434f,
            0.5626170039176941f,
            0.7229568362236023f,
            1,
        ],
    ];

    /// <summary>Rows of a quantised table, made floats. Inputs: table, indices, scales, optional zero points.</summary>
    public static ImmutableArray<Value> Gather(OnnxNode node, GraphBuilder graph)
    {
        var table = Unpacked(node, graph, node.Input(0), out var zero);
        var (gather, quantize) = (
            table.Shape.NormaliseAxis(node.Int("gather_axis", 0)),
            table.Shape.NormaliseAxis(node.Int("quantize_axis", 1))
        );
        var block = node.Int("block_size", 128);
        if (gather == quantize || block is < 16 or > TensorShape.MaxElements)
        {
            throw new ShapeException($"rows along dimension {gather} with blocks of {block} along {quantize} are not possible");
        }

        var zeros = node.OptionalInput(3) is { } given ? Unpacked(node, graph, given, out _) : zero;
        var scales = Picked(new Term(graph, node.Input(2)));
        var codes = Picked(table);
        var axis = quantize < gather ? quantize : quantize + node.Input(1).Shape.Rank - 1;
        var op = new DequantizeLinear(null, axis, (int)block);
        return [codes.Apply(op, zeros is { } points ? [scales.Value, PointsOf(points).Value] : [scales.Value]).Value];

        Term Picked(Term x) => x.Apply(new Gather(gather), node.Input(1));

        Term PointsOf(Term points) => points.Shape.Rank == 0 ? points.Apply(new Expand(scales.Shape)) : Picked(points);
    }

    /// <summary>Weights as numbers of one of two tables of 16 values, times a scale a block. Inputs: a, codes, scales.</summary>
    public static ImmutableArray<Value> MatMulBnb4(OnnxNode node, GraphBuilder graph)
    {
        var (inner, columns) = (node.RequiredInt("K"), node.RequiredInt("N"));
        var (block, type) = (node.RequiredInt("block_size"), node.RequiredInt("quant_type"));
        var (codes, scales) = (node.ConstantInput(1, "the weights"), node.ConstantInput(2, "the scales").ToFloats());
        if (type is not (0 or 1) || node.Int("transB", 1) == 0)
        {
            throw node.Unsupported($"quant_type {type} and transB 0 are not supported; supported: 0 and 1, transB 1");
        }

        var shape = new TensorShape(Size(columns), Size(inner));
        var elements = shape.Elements;
        if (
            block < 1
            || codes.Element != ElementType.UInt8
            || codes.Shape.Elements != (elements + 1) / 2
            || scales.Length < (elements + block - 1) / block
        )
        {
            throw new ShapeException(
                $"weights for {columns}×{inner} in blocks of {block} were expected, found {codes.Type} and {scales.Length} scales"
            );
        }

        var weights = new float[elements];
        for (var i = 0; i < elements; i++)
        {
            // The first of two is in the upper half of the byte.
            weights[i] = Values[type][(codes.Bytes[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 15] * scales[i / block];
        }

        return [graph.Add(new MatMul(false, true, 1, Clamp.None), node.Input(0), graph.Constant(Tensor.Floats(shape, weights)))];

        static int Size(long size) =>
            size is > 0 and <= TensorShape.MaxElements ? (int)size : throw new ShapeException($"a size is {size}");
    }

    /// <summary>A tensor whose elements of 4 or 8 bits have a byte each, and the zero point that it has where none is given.</summary>
    private static Term Unpacked(OnnxNode node, GraphBuilder graph, Value value, out Term? zero)
    {
        var x = new Term(graph, value);
        zero = null;
        if (value.Element != ElementType.UInt8)
        {
            return x;
        }

        var bits = node.Int("bits", 4);
        if (bits is not (4 or 8) || x.Shape.Rank == 0)
        {
            throw node.Unsupported($"elements of {bits} bits in {value.Type} are not supported; supported: 4 and 8, in rows");
        }

        byte[] half = [(byte)(bits == 4 ? 8 : 128)];
        zero = new Term(graph, graph.Constant(Tensor.FromBytes(new TensorType(ElementType.UInt8, TensorShape.Scalar), half)));
        if (bits == 8)
        {
            return x;
        }

        // Two a byte along the last dimension, the first in the lower half.
        var last = x.Shape.Rank - 1;
        var pairs = x.Reshape([.. x.Shape, 1]);
        var (low, high) = (
            pairs.With(BinaryFunction.BitwiseAnd, pairs.Number(15)),
            pairs.With(BinaryFunction.BitShiftRight, pairs.Number(4))
        );
        return low.Apply(new Concat(last + 1), high.Value).Reshape(x.Shape.With(last, 2 * x.Shape[last]));
    }
}
