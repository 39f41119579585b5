using ModelCompiler.Graphs;
using ModelCompiler.Lowering.Kernels.Int8;

namespace ModelCompiler.Emit.Kernels.Int8;

/// <summary>The runs of input bytes under one output: rows of taps, and taps within a row where they do not touch.</summary>
/// <param name="Rows">Rows of taps.</param>
/// <param name="RowBytes">From one row of taps to the next.</param>
/// <param name="Taps">Runs of a row.</param>
/// <param name="TapBytes">From one run to the next.</param>
internal readonly record struct Int8Runs(int Rows, int RowBytes, int Taps, int TapBytes)
{
    public static Int8Runs One { get; } = new(1, 0, 1, 0);
}

/// <summary>
/// Writes a register tile: pixels × output channels summed over the whole depth, requantised and stored. Refs in scope: <c>x</c> to
/// the first pixel's bytes, <c>weights</c>, <c>bias</c> and <c>multipliers</c> to the block's, <c>o</c> to the first output.
/// </summary>
internal sealed class Int8TileEmitter
{
    private readonly KernelWriter _writer;
    private readonly PackedInt8 _packed;
    private readonly Int8TileShape _tile;
    private readonly Int8Dialect _dialect;
    private readonly bool _flip;

    public Int8TileEmitter(KernelWriter writer, PackedInt8 packed, Int8TileShape tile)
    {
        _writer = writer;
        _packed = packed;
        _tile = tile;
        _dialect = Int8Dialect.Of(writer.InstructionSet, tile.Bits);
        _flip = (writer.Step.Inputs[0].Type.Element == ElementType.Int8) != Int8Variants.ReadsSigned(writer.InstructionSet);
    }

    private SourceWriter Code => _writer.Code;

    /// <summary>Writes refs to the block's weights, bias and multipliers; <c>block</c> counts through all groups.</summary>
    public void EmitBlockRefs()
    {
        var bias = Int8Variants.ReadsSigned(_writer.InstructionSet) ? _packed.SignedBias! : _packed.Bias!;
        Code.Line($"ref sbyte weights = ref Unsafe.Add({KernelWriter.Weights(_packed.Weights)}, block * {_packed.BlockBytes});");
        Code.Line($"ref int bias = ref Unsafe.Add({KernelWriter.Weights(bias)}, block * {_packed.Block});");
        if (_packed.Stage?.Multipliers is { } multipliers)
        {
            Code.Line($"ref float multipliers = ref Unsafe.Add({KernelWriter.Weights(multipliers)}, block * {_packed.Block});");
        }
    }

    /// <param name="runs">The runs of input bytes.</param>
    /// <param name="pixelBytes">Input bytes from one pixel of the tile to the next.</param>
    /// <param name="outputStride">Output elements from one pixel to the next.</param>
    public void Emit(Int8Runs runs, int pixelBytes, int outputStride)
    {
        EmitStart();
        Code.Line("ref sbyte w = ref weights;");
        EmitRuns(runs, pixelBytes);
        EmitEnd(outputStride);
    }

    /// <summary>Writes the weights of all taps of a depthwise convolution into locals.</summary>
    public void EmitTaps(int taps)
    {
        Code.Line("ref sbyte w = ref weights;");
        for (var i = 0; i < taps * _tile.Vectors; i++)
        {
            Lines(_dialect.LoadWeights(i, i * _dialect.Bits / 8));
        }
    }

    /// <summary>Writes a tile in which every channel has taps of its own: each vector of quads is loaded once for all that need it.</summary>
    /// <param name="taps">Distance in bytes from <c>x</c> to the first quad of each tap.</param>
    /// <param name="pixelBytes">Bytes of quads from one pixel of the tile to the next.</param>
    /// <param name="outputStride">Output elements from one pixel to the next.</param>
    public void EmitDepthwise(int[] taps, int pixelBytes, int outputStride)
    {
        EmitStart();
        var uses =
            from p in Enumerable.Range(0, _tile.Pixels)
            from tap in Enumerable.Range(0, taps.Length)
            group (Pixel: p, Tap: tap) by (p * pixelBytes) + taps[tap];
        var input = 0;
        foreach (var column in uses.OrderBy(u => u.Key))
        {
            for (var v = 0; v < _tile.Vectors; v++, input++)
            {
                var offset = column.Key + (v * _dialect.Bits / 8);
                Lines(_dialect.LoadQuads(input, $"ref Unsafe.Add(ref x, {offset})"));
                foreach (var (pixel, tap) in column)
                {
                    Lines(_dialect.MultiplyAdd(Name(pixel, v), input, (tap * _tile.Vectors) + v));
                }
            }
        }

        EmitEnd(outputStride);
    }

    private void EmitEnd(int outputStride)
    {
        foreach (var (p, v) in Accumulators())
        {
            for (var u = 1; u < _tile.DepthSplit; u++)
            {
                Code.Line($"{Name(p, v)} += {Name(p, v, u)};");
            }

            Lines(_dialect.Finish(Name(p, v)));
        }

        new Int8StoreEmitter(_writer, _dialect, _packed, _tile).Emit(outputStride);
    }

    private void EmitStart()
    {
        foreach (var (p, v) in Accumulators())
        {
            var bias = p == 0 ? $"{_dialect.Vector}.LoadUnsafe(ref bias, {v * _dialect.Lanes})" : Name(0, v);
            Lines(_dialect.Start(Name(p, v), bias));
            for (var u = 1; u < _tile.DepthSplit; u++)
            {
                Lines(_dialect.Start(Name(p, v, u), "default"));
            }
        }
    }

    private void EmitRuns(Int8Runs runs, int pixelBytes)
    {
        var blocks = new Stack<SourceWriter.Block>();
        var run = "x";
        if (runs.Rows > 1)
        {
            blocks.Push(Code.For("row", 0, runs.Rows));
            Code.Line($"ref byte line = ref Unsafe.Add(ref x, row * {runs.RowBytes});");
            run = "line";
        }

        if (runs.Taps > 1)
        {
            blocks.Push(Code.For("tap", 0, runs.Taps));
            Code.Line($"ref byte run = ref Unsafe.Add(ref {run}, tap * {runs.TapBytes});");
            run = "run";
        }

        EmitDepth(run, pixelBytes);
        foreach (var block in blocks)
        {
            block.Dispose();
        }
    }

    private void EmitDepth(string run, int pixelBytes)
    {
        var quads = _packed.SegmentQuads;
        var together = quads >= _dialect.QuadsOfRun ? _dialect.QuadsOfRun : 1;
        var inRuns = together > 1 ? quads / together * together : 0;
        if (inRuns > 0)
        {
            using var loop = Code.For("k", 0, inRuns * 4, together * 4);
            var addresses = Enumerable.Range(0, _tile.Pixels).Select(p => Address(run, "k", p * pixelBytes)).ToArray();
            var accumulators = new string[_tile.Pixels, _tile.Vectors];
            foreach (var (p, v) in Accumulators())
            {
                accumulators[p, v] = Name(p, v);
            }

            Lines(_dialect.MultiplyRun(addresses, accumulators, _packed.Block * 4, _flip));
            Code.Line($"w = ref Unsafe.Add(ref w, {together * _packed.Block * 4});");
        }

        if (inRuns < quads)
        {
            using var loop = Code.For("k", inRuns * 4, quads * 4, 4 * _tile.DepthSplit);
            for (var u = 0; u < _tile.DepthSplit; u++)
            {
                EmitQuad(run, pixelBytes, u);
            }

            Code.Line($"w = ref Unsafe.Add(ref w, {_tile.DepthSplit * _packed.Block * 4});");
        }
    }

    private void EmitQuad(string run, int pixelBytes, int u)
    {
        using var scope = _tile.DepthSplit > 1 ? Code.Open("// Sum " + u) : (SourceWriter.Block?)null;

        // What there is less of stays in registers; the other is loaded just before its use. Sixteen registers are enough then.
        if (_tile.Vectors > _tile.Pixels)
        {
            for (var p = 0; p < _tile.Pixels; p++)
            {
                Spread(p);
            }

            foreach (var (v, p) in Pairs(_tile.Vectors, _tile.Pixels))
            {
                if (p == 0)
                {
                    Load(v);
                }

                Lines(_dialect.MultiplyAdd(Name(p, v, u), p, v));
            }

            return;
        }

        for (var v = 0; v < _tile.Vectors; v++)
        {
            Load(v);
        }

        foreach (var (p, v) in Accumulators())
        {
            if (v == 0)
            {
                Spread(p);
            }

            Lines(_dialect.MultiplyAdd(Name(p, v, u), p, v));
        }

        void Load(int v) => Lines(_dialect.LoadWeights(v, (u * _packed.Block * 4) + (v * _dialect.Bits / 8)));

        void Spread(int p) => Lines(_dialect.Spread(p, Address(run, "k", (p * pixelBytes) + (4 * u)), _flip));
    }

    private IEnumerable<(int Pixel, int Vector)> Accumulators() => Pairs(_tile.Pixels, _tile.Vectors);

    private static IEnumerable<(int Outer, int Inner)> Pairs(int outer, int inner) =>
        from o in Enumerable.Range(0, outer)
        from i in Enumerable.Range(0, inner)
        select (o, i);

    private void Lines(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            Code.Line(line);
        }
    }

    /// <summary>The name of an accumulator.</summary>
    public static string Name(int pixel, int vector, int split = 0) => $"a{pixel}_{vector}" + (split > 0 ? "_" + split : "");

    private static string Address(string run, string index, int offset) =>
        offset == 0 ? $"ref Unsafe.Add(ref {run}, {index})" : $"ref Unsafe.Add(ref {run}, {index} + {offset})";
}
