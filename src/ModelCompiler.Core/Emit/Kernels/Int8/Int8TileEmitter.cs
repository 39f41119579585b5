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
        if (_dialect.Dot is { } dot)
        {
            writer.Use(dot);
        }

        _flip = (writer.Step.Inputs[0].Type.Element == ElementType.Int8) != Int8Variants.ReadsSigned(writer.InstructionSet);
    }

    private SourceWriter Code => _writer.Code;

    /// <summary>Writes refs to the block's weights, bias and multipliers; <c>block</c> counts through all groups.</summary>
    public void EmitBlockRefs()
    {
        var bias = Int8Variants.ReadsSigned(_writer.InstructionSet) ? _packed.SignedBias! : _packed.Bias!;
        Code.Line($"ref sbyte weights = ref Unsafe.Add({_writer.Weights(_packed.Weights)}, block * {_packed.BlockBytes});");
        Code.Line($"ref int bias = ref Unsafe.Add({_writer.Weights(bias)}, block * {_packed.Block});");
        if (_packed.Stage?.Multipliers is { } multipliers)
        {
            Code.Line($"ref float multipliers = ref Unsafe.Add({_writer.Weights(multipliers)}, block * {_packed.Block});");
        }
    }

    /// <param name="runs">The runs of input bytes.</param>
    /// <param name="pixelBytes">Input bytes from one pixel of the tile to the next.</param>
    /// <param name="outputStride">Output elements from one pixel to the next.</param>
    public void Emit(Int8Runs runs, int pixelBytes, int outputStride)
    {
        if (_tile.Parts == 1)
        {
            EmitStart();
            Code.Line("ref sbyte w = ref weights;");
            EmitRuns(runs, pixelBytes);
            EmitEnd(outputStride);
            return;
        }

        var channels = _tile.Vectors * _dialect.Lanes;
        using (Code.For("part", 0, _tile.Parts))
        {
            EmitStart();
            Code.Line($"ref sbyte w = ref Unsafe.Add(ref weights, part * {channels * 4});");
            EmitRuns(runs, pixelBytes);
            EmitEnd(outputStride);
            Advance(channels);
            Code.Line($"o = ref Unsafe.Add(ref o, {channels});");
        }

        Advance(-channels * _tile.Parts);

        void Advance(int count)
        {
            Code.Line($"bias = ref Unsafe.Add(ref bias, {count});");
            if (_packed.Stage?.Multipliers is not null)
            {
                Code.Line($"multipliers = ref Unsafe.Add(ref multipliers, {count});");
            }
        }
    }

    private void EmitEnd(int outputStride)
    {
        var splits =
            from a in Accumulators()
            from u in Enumerable.Range(1, _tile.DepthSplit - 1)
            select $"{Name(a.Pixel, a.Vector)} += {Name(a.Pixel, a.Vector, u)};";
        Flow(splits);
        Flow(Accumulators().SelectMany(a => _dialect.Finish(Name(a.Pixel, a.Vector))));
        new Int8StoreEmitter(_writer, _dialect, _packed, _tile).Emit(outputStride);
    }

    private void EmitStart()
    {
        var starts =
            from a in Accumulators()
            from u in Enumerable.Range(0, _tile.DepthSplit)
            from statement in _dialect.Start(
                Name(a.Pixel, a.Vector, u),
                u > 0 ? $"{_dialect.Vector}<int>.Zero"
                    : a.Pixel > 0 ? Name(0, a.Vector)
                    : $"{_dialect.Vector}.LoadUnsafe(ref bias, {a.Vector * _dialect.Lanes})"
            )
            select statement;
        Flow(starts);
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

            Flow(_dialect.MultiplyRun(addresses, accumulators, _packed.Block * 4, _flip));
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
            Flow(Enumerable.Range(0, _tile.Pixels).SelectMany(Spread));
            for (var v = 0; v < _tile.Vectors; v++)
            {
                Flow([.. Load(v), .. Enumerable.Range(0, _tile.Pixels).SelectMany(p => _dialect.MultiplyAdd(Name(p, v, u), p, v))]);
            }

            return;
        }

        Flow(Enumerable.Range(0, _tile.Vectors).SelectMany(Load));
        for (var p = 0; p < _tile.Pixels; p++)
        {
            Flow([.. Spread(p), .. Enumerable.Range(0, _tile.Vectors).SelectMany(v => _dialect.MultiplyAdd(Name(p, v, u), p, v))]);
        }

        IEnumerable<string> Load(int v) => _dialect.LoadWeights(v, (u * _packed.Block * 4) + (v * _dialect.Bits / 8));

        IEnumerable<string> Spread(int p) => _dialect.Spread(p, Address(run, "k", (p * pixelBytes) + (4 * u)), _flip);
    }

    private IEnumerable<(int Pixel, int Vector)> Accumulators() => Pairs(_tile.Pixels, _tile.Vectors);

    private static IEnumerable<(int Outer, int Inner)> Pairs(int outer, int inner) =>
        from o in Enumerable.Range(0, outer)
        from i in Enumerable.Range(0, inner)
        select (o, i);

    private void Flow(IEnumerable<string> statements) => Flow(Code, statements);

    /// <summary>Writes statements, as many on a line as fit.</summary>
    public static void Flow(SourceWriter code, IEnumerable<string> statements)
    {
        const int LineLength = 150;
        var line = "";
        foreach (var statement in statements)
        {
            if (line.Length > 0 && line.Length + statement.Length >= LineLength)
            {
                code.Line(line);
                line = "";
            }

            line += line.Length > 0 ? " " + statement : statement;
        }

        if (line.Length > 0)
        {
            code.Line(line);
        }
    }

    /// <summary>The name of an accumulator.</summary>
    public static string Name(int pixel, int vector, int split = 0) => $"a{pixel}_{vector}" + (split > 0 ? "_" + split : "");

    private static string Address(string run, string index, int offset) =>
        offset == 0 ? $"ref Unsafe.Add(ref {run}, {index})" : $"ref Unsafe.Add(ref {run}, {index} + {offset})";
}
