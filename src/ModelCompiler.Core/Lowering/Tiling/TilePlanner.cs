using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering.Tiling;

/// <summary>Chooses tiles for sums of products: as many accumulators as there are registers, spread over pixels and columns.</summary>
internal static class TilePlanner
{
    /// <summary>Two multiply-adds begin in a cycle and take four: with fewer sums under way the processor waits.</summary>
    private const int SumsUnderWay = 8;

    private const int MaxPixels = 14;

    /// <summary>The variants that float kernels are written for, out of those that a target has.</summary>
    public static InstructionSet[] Variants(Target target) => [.. target.InstructionSets.Select(WrittenFor).Distinct()];

    /// <summary>The tiles for weights in blocks.</summary>
    /// <param name="set">The variant.</param>
    /// <param name="weights">The layout of the weights.</param>
    /// <param name="pixels">Pixels in a row.</param>
    public static VariantPlan Plan(InstructionSet set, BlockedWeights weights, int pixels)
    {
        var plans = new List<TilePlan>();
        var (registers, bits) = Machine(set);
        var stride = weights.Summands * BlockedWeights.BlockColumns;
        if (weights.FullBlocks > 0)
        {
            var perBlock = BlockedWeights.BlockColumns * 32 / bits;
            var best = BestVectors(weights.FullBlocks * perBlock, perBlock, registers, pixels);
            var first = 0;
            foreach (var (vectors, repeats) in Runs(weights.FullBlocks * perBlock, best))
            {
                Add(
                    new ColumnRun(
                        first * bits / 32,
                        bits,
                        vectors,
                        repeats,
                        vectors * bits / 32,
                        first / perBlock * stride,
                        BlockedWeights.BlockColumns,
                        stride,
                        BlockedWeights.BlockColumns
                    )
                );
                first += vectors * repeats;
            }
        }

        if (weights.TailColumns > 0)
        {
            var width = weights.TailColumns;
            var lanes = Math.Min(width, bits / 32);
            Add(
                new ColumnRun(
                    weights.TailFirst,
                    lanes * 32,
                    width / lanes,
                    1,
                    Math.Min(width, weights.Columns),
                    weights.FullBlocks * stride,
                    width,
                    weights.Summands * width,
                    width
                )
            );
        }

        return new VariantPlan(set, plans.ToArray());

        void Add(ColumnRun run) => plans.Add(new TilePlan(run, PixelRuns(pixels, run.Vectors, registers)));
    }

    /// <summary>The tiles for a matrix of [summand, column] as it is, row-major.</summary>
    public static VariantPlan PlanRowMajor(InstructionSet set, int columns, int pixels)
    {
        var plans = new List<TilePlan>();
        var (registers, bits) = Machine(set);
        var first = 0;
        var lanes = bits / 32;
        if (columns >= lanes)
        {
            var best = BestVectors(columns / lanes, 1, registers, pixels);
            foreach (var (vectors, repeats) in Runs(columns / lanes, best))
            {
                Add(first * lanes, bits, vectors, repeats, vectors * lanes);
                first += vectors * repeats;
            }
        }

        var left = columns % lanes;
        if (left > 0)
        {
            while (lanes > 4 && lanes / 2 >= left)
            {
                lanes /= 2;
            }

            Add(Math.Max(0, columns - lanes), lanes * 32, 1, 1, Math.Min(lanes, columns));
        }

        return new VariantPlan(set, plans.ToArray());

        void Add(int column, int width, int vectors, int repeats, int stored) =>
            plans.Add(
                new TilePlan(
                    new ColumnRun(column, width, vectors, repeats, stored, column, columns, 0, int.MaxValue),
                    PixelRuns(pixels, vectors, registers)
                )
            );
    }

    /// <summary>The tiles of a depthwise convolution: vectors of channels, and pixels that share the inputs under their taps.</summary>
    public static VariantPlan PlanDepthwise(InstructionSet set, ConvGeometry geometry)
    {
        const int MostPixels = 8;
        var (registers, bits) = Machine(set);
        var pixels = Math.Max(1, Math.Min(MostPixels, registers - 2 - geometry.Horizontal.Kernel));
        var tiles = (geometry.OutputColumns + pixels - 1) / pixels;
        var runs = Covered(geometry.OutputColumns, tiles, _ => 1);
        var lanes = bits / 32;
        var plans = new List<TilePlan>();
        var full = geometry.Channels / lanes;
        if (full > 0)
        {
            Add(0, lanes, full);
        }

        if (geometry.Channels % lanes is > 0 and var left)
        {
            while (lanes > 4 && lanes / 2 >= left)
            {
                lanes /= 2;
            }

            Add(Math.Max(0, geometry.Channels - lanes), lanes, 1);
        }

        return new VariantPlan(set, plans.ToArray());

        void Add(int first, int width, int repeats) =>
            plans.Add(
                new(
                    new ColumnRun(
                        first,
                        width * 32,
                        1,
                        repeats,
                        Math.Min(width, geometry.Channels),
                        first,
                        geometry.Channels,
                        0,
                        int.MaxValue
                    ),
                    runs
                )
            );
    }

    /// <summary>Covers a row by tiles of nearly equal size.</summary>
    internal static EquatableArray<PixelRun> PixelRuns(int pixels, int vectors, int registers)
    {
        return Covered(pixels, Tiles(pixels, vectors, registers), size => Split(size, vectors));
    }

    private static EquatableArray<PixelRun> Covered(int pixels, int tiles, Func<int, int> split)
    {
        var (small, large) = (pixels / tiles, pixels % tiles);
        var runs = new List<PixelRun>();
        if (large > 0)
        {
            runs.Add(new PixelRun(0, small + 1, large, split(small + 1)));
        }

        runs.Add(new PixelRun(large * (small + 1), small, tiles - large, split(small)));
        return runs.ToArray();
    }

    private static int Tiles(int pixels, int vectors, int registers)
    {
        var most = Math.Max(1, Math.Min(MaxPixels, (registers - 1 - vectors) / vectors));
        return (pixels + most - 1) / most;
    }

    private static int Split(int pixels, int vectors) => Math.Min(4, (SumsUnderWay + (pixels * vectors) - 1) / (pixels * vectors));

    /// <summary>The number of vectors a tile for which a row takes the fewest cycles.</summary>
    private static int BestVectors(int available, int step, int registers, int pixels)
    {
        var (best, least) = (step, double.MaxValue);
        for (var vectors = step; vectors <= Math.Max(step, Math.Min(available, 4)); vectors += step)
        {
            var cycles = Runs(available, vectors).Sum(run => run.Repeats * Cycles(run.Vectors, registers, pixels));
            if (cycles < least)
            {
                (best, least) = (vectors, cycles);
            }
        }

        return best;
    }

    /// <summary>Cycles for one summand of a row: two multiply-adds or two loads begin in a cycle.</summary>
    private static double Cycles(int vectors, int registers, int pixels)
    {
        var tiles = Tiles(pixels, vectors, registers);
        var size = (double)pixels / tiles;
        return tiles * (Math.Max(size * vectors / 2, (size + vectors) / 2) + 0.5);
    }

    private static IEnumerable<(int Vectors, int Repeats)> Runs(int available, int vectors)
    {
        if (available / vectors > 0)
        {
            yield return (vectors, available / vectors);
        }

        if (available % vectors > 0)
        {
            yield return (available % vectors, 1);
        }
    }

    private static InstructionSet WrittenFor(InstructionSet set) =>
        set switch
        {
            InstructionSet.Avx512 => InstructionSet.Avx512,
            InstructionSet.AvxVnni or InstructionSet.Avx2 => InstructionSet.Avx2,
            InstructionSet.ArmDotProduct or InstructionSet.AdvSimd => InstructionSet.AdvSimd,
            InstructionSet.Sse41 => InstructionSet.Sse41,
            _ => InstructionSet.Portable,
        };

    private static (int Registers, int Bits) Machine(InstructionSet set) =>
        set switch
        {
            InstructionSet.Avx512 => (32, 512),
            InstructionSet.Avx2 => (16, 256),
            InstructionSet.AdvSimd => (32, 128),
            _ => (16, 128),
        };
}
