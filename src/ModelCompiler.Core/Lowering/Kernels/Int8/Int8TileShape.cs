namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>The register tile of one variant.</summary>
/// <param name="Bits">Width of its vectors.</param>
/// <param name="Pixels">Output pixels (or rows of a matrix) computed together.</param>
/// <param name="Vectors">Vectors of output channels for each of them.</param>
/// <param name="DepthSplit">Independent sums over the depth, where pixels and vectors alone are too few to hide the latency.</param>
/// <param name="Parts">Tiles one after the other that make a block of channels; more than 1 where short code matters more than speed.</param>
internal readonly record struct Int8TileShape(int Bits, int Pixels, int Vectors, int DepthSplit, int Parts = 1)
{
    /// <summary>Most quads of depth that a tile works off together; the packed depth is a multiple where a tile has one pixel.</summary>
    public const int MaxDepthSplit = 4;

    /// <summary>
    /// How many channels are packed side by side: the fewest channels of padding, then the width whose tiles load least. All
    /// instruction sets share one packing.
    /// </summary>
    public static int ChooseBlock(int outputs)
    {
        // Channels computed, weighed by how well a tile of that width runs.
        (int Block, double Weight)[] widths = [(32, 1.0), (48, 1.01), (16, 1.02), (24, 1.04), (8, 1.15)];
        return widths.OrderBy(w => (outputs + w.Block - 1) / w.Block * w.Block * w.Weight).First().Block;
    }

    /// <summary>Width of the vectors for blocks of a width.</summary>
    public static int BitsOf(InstructionSet set, int block) =>
        set switch
        {
            InstructionSet.Avx512 when block % 16 == 0 => 512,
            InstructionSet.Avx512 or InstructionSet.AvxVnni or InstructionSet.Avx2 => 256,
            _ => 128,
        };

    public static Int8TileShape Choose(InstructionSet set, PackedInt8 packed, int pixels)
    {
        var bits = BitsOf(set, packed.Block);
        var vectors = ((packed.Channels * 32) + bits - 1) / bits;

        if (set == InstructionSet.Portable)
        {
            return vectors % 4 == 0 && packed.Channels == packed.Block && packed.Book is null
                ? new(bits, 1, 4, 1, vectors / 4)
                : new(bits, 1, vectors, 1);
        }

        // Accumulators that fit the registers beside weights and inputs. Where multiplying and adding are two instructions, few do.
        var accumulators = set switch
        {
            InstructionSet.AvxVnni => 12,
            InstructionSet.Avx512 => 16,
            InstructionSet.Avx2 => 8,
            InstructionSet.ArmDotProduct => 16,
            InstructionSet.AdvSimd => 12,
            _ => 8,
        };
        var tile = Math.Min(pixels, Math.Max(1, accumulators / vectors));
        var chains = set is InstructionSet.AvxVnni or InstructionSet.ArmDotProduct ? 10 : 1;
        var split = tile == 1 ? Math.Min(MaxDepthSplit, (chains + vectors - 1) / vectors) : 1;
        return new(bits, tile, vectors, split == 3 ? 2 : split);
    }
}
