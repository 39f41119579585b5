using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>Decodes weights of 4 or 8 bits in registers, for several rows at a time.</summary>
/// <param name="Rows">Rows of a.</param>
/// <param name="Inner">K.</param>
/// <param name="Columns">N.</param>
/// <param name="Operator">Bits and block size.</param>
/// <param name="Codes">For each column its chunks of 32 weights; of 4 bits two a byte, 16 apart.</param>
/// <param name="Scales">For each column the scales of its blocks.</param>
/// <param name="ZeroPoint">The zero point of all blocks; null where <see cref="ZeroPoints"/> differ.</param>
/// <param name="ZeroPoints">For each column the zero points of its blocks.</param>
/// <param name="Bias">For each column what is added; null for none.</param>
/// <param name="Variants">One a vector width.</param>
internal sealed record BlockMatMulKernel(
    int Rows,
    int Inner,
    int Columns,
    BlockMatMul Operator,
    PackedWeights Codes,
    PackedWeights Scales,
    float? ZeroPoint,
    PackedWeights? ZeroPoints,
    PackedWeights? Bias,
    EquatableArray<InstructionSet> Variants
) : Kernel
{
    private const int MaxTile = 8;

    public override EquatableArray<InstructionSet> Variants { get; } = Variants;

    /// <summary>Rows at a time: their sums fill the registers, of which there are twice as many where they have 512 bits.</summary>
    public static int TileOf(InstructionSet set) => set == InstructionSet.Avx512 ? MaxTile : MaxTile / 2;

    /// <summary>Blocks of a column.</summary>
    public int Blocks => (Inner + Operator.Block - 1) / Operator.Block;

    /// <summary>Rows of a are copied and filled with zeros where they do not end with a block.</summary>
    public bool CopiesRows => Inner % Operator.Block != 0;

    public override string Describe() =>
        $"matrix product [{Rows},{Inner}]·[{Inner},{Columns}] with weights of {Operator.Bits} bits in blocks of {Operator.Block}";

    public static LoweredNode? Lower(BlockMatMul op, Node node, LoweringContext context)
    {
        var (a, codes) = (node.Input(0).Shape, node.Input(1).Constant);
        if (
            codes is null
            || Floats(node, 2) is not { } scales
            || Floats(node, 3) is not { } zeros
            || node.HasInput(4) && Floats(node, 4) is null
        )
        {
            return null;
        }

        var (inner, columns) = (a[a.Rank - 1], codes.Shape[0]);
        var uniform = zeros.All(z => z == zeros[0]);
        var kernel = new BlockMatMulKernel(
            a.Product(0, a.Rank - 1),
            inner,
            columns,
            op,
            context.AddWeights<byte>(
                node,
                "codes",
                ElementType.UInt8,
                codes.Shape.Elements * op.Bits / 8,
                packed => Pack(codes, op.Bits, packed)
            ),
            context.AddWeights<float>(node, "scales", ElementType.Float32, scales),
            uniform ? zeros[0] : null,
            uniform ? null : PackZeroPoints(node, context, zeros),
            node.HasInput(4) ? context.AddWeights<float>(node, "bias", ElementType.Float32, Floats(node, 4)!) : null,
            VectorVariants.Of(context.Target, BlockMatMul.Chunk, ElementType.Float32)
        );
        var scratch = kernel.CopiesRows ? checked(Math.Min(kernel.Rows, MaxTile) * kernel.Blocks * op.Block * sizeof(float)) : 0;
        return new(kernel, (Value[])[node.Input(0)], ScratchBytes: scratch);
    }

    private static float[]? Floats(Node node, int input) => node.Input(input).Constant?.ToFloats();

    private static void Pack(Tensor codes, int bits, Span<byte> packed)
    {
        var bytes = codes.Bytes;
        if (bits == 8)
        {
            bytes.CopyTo(packed);
            return;
        }

        const int Half = BlockMatMul.Chunk / 2;
        for (var i = 0; i < packed.Length; i++)
        {
            var first = (i / Half * BlockMatMul.Chunk) + (i % Half);
            packed[i] = (byte)(bytes[first] | (bytes[first + Half] << 4));
        }
    }

    /// <summary>Bytes where all are integers that fit.</summary>
    private static PackedWeights PackZeroPoints(Node node, LoweringContext context, float[] zeros) =>
        zeros.All(z => z is >= 0 and <= byte.MaxValue && z == (byte)z)
            ? context.AddWeights<byte>(node, "zeroPoints", ElementType.UInt8, [.. zeros.Select(z => (byte)z)])
            : context.AddWeights<float>(node, "zeroPoints", ElementType.Float32, zeros);
}
