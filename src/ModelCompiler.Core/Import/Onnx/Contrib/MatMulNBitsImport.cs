using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Contrib;

/// <summary>MatMulNBits of com.microsoft: weights of 2, 4 or 8 bits in blocks. Those of 2 bits, and of small blocks, become floats.</summary>
internal static class MatMulNBitsImport
{
    public static ImmutableArray<Value> MatMulNBits(OnnxNode node, GraphBuilder graph)
    {
        var (bits, block) = (node.Int("bits", 4), node.RequiredInt("block_size"));
        if (bits is not (2 or 4 or 8))
        {
            throw node.Unsupported($"weights of {bits} bits are not supported; supported: 2, 4, 8");
        }

        if (node.HasInput(4))
        {
            throw node.Unsupported("weights whose blocks are reordered (input g_idx) are not supported; quantise without act_order");
        }

        var (inner, columns) = (Size(node, "K"), Size(node, "N"));
        if (block < 16 || block > TensorShape.MaxElements || (block & (block - 1)) != 0)
        {
            throw new ShapeException($"block_size is {block}; a power of two of 16 or more was expected");
        }

        var blocks = (int)((inner + block - 1) / block);
        var weights = new Weights(node, (int)bits, (int)block, blocks, columns);
        var bias = node.OptionalInput(5);
        if (bits == 2 || block % BlockMatMul.Chunk != 0)
        {
            var real = graph.Constant(weights.ToFloats(inner));
            return [graph.Add(new MatMul(false, true, 1, Clamp.None), bias is null ? [node.Input(0), real] : [node.Input(0), real, bias])];
        }

        Value Grid(float[] numbers) => graph.Constant(Tensor.Floats(new TensorShape(columns, blocks), numbers));
        return
        [
            graph.Add(
                new BlockMatMul((int)bits, (int)block),
                node.Input(0),
                graph.Constant(weights.CodesTensor()),
                Grid(weights.Scales),
                Grid(weights.ZeroPoints),
                bias
            ),
        ];
    }

    private static int Size(OnnxNode node, string attribute) =>
        node.RequiredInt(attribute) is > 0 and <= TensorShape.MaxElements and var size
            ? (int)size
            : throw new ShapeException($"{attribute} is {node.RequiredInt(attribute)}");

    /// <summary>The constants of a node, unpacked.</summary>
    private sealed class Weights
    {
        private readonly int _block;
        private readonly int _blocks;
        private readonly int _columns;
        private readonly byte[] _codes;

        public Weights(OnnxNode node, int bits, int block, int blocks, int columns)
        {
            (_block, _blocks, _columns) = (block, blocks, columns);
            var packed = node.ConstantInput(1, "the weights");
            var row = new TensorShape(blocks, block).Elements;
            if (packed.Element != ElementType.UInt8 || (long)columns * row * bits / 8 != packed.Shape.Elements)
            {
                throw new ShapeException($"weights of {columns}×{blocks} blocks of {block} elements were expected, found {packed.Type}");
            }

            _codes = Unpack(packed.Bytes, columns, row, bits);
            Scales = node.ConstantInput(2, "the scales").ToFloats();
            ZeroPoints = ReadZeroPoints(node, bits);
            if (Scales.Length != columns * blocks || ZeroPoints.Length != columns * blocks)
            {
                throw new ShapeException(
                    $"{columns}×{blocks} scales and zero points were expected, found {Scales.Length} and {ZeroPoints.Length}"
                );
            }
        }

        public float[] Scales { get; }

        public float[] ZeroPoints { get; }

        public Tensor CodesTensor() =>
            Tensor.FromBytes(new TensorType(ElementType.UInt8, new TensorShape(_columns, _blocks * _block)), _codes);

        /// <summary>The weights as floats [N, K].</summary>
        public Tensor ToFloats(int inner)
        {
            var shape = new TensorShape(_columns, inner);
            var floats = new float[shape.Elements];
            for (var i = 0; i < floats.Length; i++)
            {
                var (n, k) = (i / inner, i % inner);
                var grid = (n * _blocks) + (k / _block);
                floats[i] = (_codes[(n * _blocks * _block) + k] - ZeroPoints[grid]) * Scales[grid];
            }

            return Tensor.Floats(shape, floats);
        }

        /// <summary>Half the range where they are left out; packed like weights, each row beginning with a whole byte; or floats.</summary>
        private float[] ReadZeroPoints(OnnxNode node, int bits)
        {
            if (node.OptionalConstantInput(3, "the zero points") is not { } zeros)
            {
                return [.. Enumerable.Repeat((float)(1 << (bits - 1)), _columns * _blocks)];
            }

            if (zeros.Element != ElementType.UInt8)
            {
                return zeros.ToFloats();
            }

            var bytes = ((_blocks * bits) + 7) / 8;
            return zeros.Shape.Elements == (long)_columns * bytes
                ? [.. Unpack(zeros.Bytes, _columns, _blocks, bits).Select(z => (float)z)]
                : throw new ShapeException($"{_columns} rows of {bytes} bytes of zero points were expected, found {zeros.Type}");
        }

        /// <summary>Rows of codes, the first in the lowest bits of a byte; each row begins with a whole byte.</summary>
        private static byte[] Unpack(ReadOnlySpan<byte> packed, int rows, int count, int bits)
        {
            var (each, bytes) = (8 / bits, ((count * bits) + 7) / 8);
            var codes = new byte[rows * count];
            for (var i = 0; i < codes.Length; i++)
            {
                var (row, place) = (i / count, i % count);
                codes[i] = (byte)((packed[(row * bytes) + (place / each)] >> (place % each * bits)) & ((1 << bits) - 1));
            }

            return codes;
        }
    }
}
