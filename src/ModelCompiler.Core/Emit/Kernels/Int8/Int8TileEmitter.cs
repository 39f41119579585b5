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
        _dialect =
            packed.WidenedBits > 0 ? new WidenedDialect(packed.WidenedBits)
            : tile.Pixels == 1 ? Int8Dialect.OfOnePixel(writer.InstructionSet, tile.Bits)
            : Int8Dialect.Of(writer.InstructionSet, tile.Bits);
        if (_dialect.Dot is { } dot)
        {
            writer.Use(dot);
        }

        _flip = Int8Variants.FlipsSign(writer.Step.Inputs[0].Type.Element, writer.InstructionSet);
    }

    private SourceWriter Code => _writer.Code;

    /// <summary>
    /// Most products of vectors that a tile writes out instead of looping over them, which saves what short loops cost. The weights of
    /// one row alone are read once: there the code would be longer than they are.
    /// </summary>
    private int UnrolledProducts =>
        _writer.InstructionSet is InstructionSet.Sse41 or InstructionSet.AdvSimd or InstructionSet.Portable ? 0
        : _tile.Pixels > 1 ? 128
        : 64;

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
        var place = _packed.PlaceOf(_dialect.Bits, _tile.Vectors);
        using (Code.For("part", 0, _tile.Parts))
        {
            EmitStart();
            Code.Line($"ref sbyte w = ref Unsafe.Add(ref weights, part * {place * _dialect.Bits / 8});");
            EmitRuns(runs, pixelBytes);
            EmitEnd(outputStride);
            Advance(place * _dialect.Lanes);
            Code.Line($"o = ref Unsafe.Add(ref o, {channels});");
        }

        Advance(-place * _dialect.Lanes * _tile.Parts);

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
                    : $"{_dialect.Vector}.LoadUnsafe(ref bias, {_packed.PlaceOf(_dialect.Bits, a.Vector) * _dialect.Lanes})"
            )
            select statement;
        Flow(starts);
    }

    private void EmitRuns(Int8Runs runs, int pixelBytes)
    {
        if (runs.Rows * runs.Taps * _packed.SegmentQuads * _tile.Pixels * _tile.Vectors <= UnrolledProducts)
        {
            for (var run = 0; run < runs.Rows * runs.Taps; run++)
            {
                var first = (run / runs.Taps * runs.RowBytes) + (run % runs.Taps * runs.TapBytes);
                EmitUnrolled(new Place("x", null, first, pixelBytes), run * SegmentBytes);
            }

            return;
        }

        var blocks = new Stack<SourceWriter.Block>();
        var name = "x";
        if (runs.Rows > 1)
        {
            blocks.Push(Code.For("row", 0, runs.Rows));
            Code.Line($"ref byte line = ref Unsafe.Add(ref x, row * {runs.RowBytes});");
            name = "line";
        }

        if (runs.Taps > 1)
        {
            blocks.Push(Code.For("tap", 0, runs.Taps));
            Code.Line($"ref byte run = ref Unsafe.Add(ref {name}, tap * {runs.TapBytes});");
            name = "run";
        }

        EmitDepth(name, pixelBytes);
        foreach (var block in blocks)
        {
            block.Dispose();
        }
    }

    /// <summary>Writes out all quads of a run.</summary>
    private void EmitUnrolled(Place place, int weights)
    {
        var inRuns = QuadsInRuns;
        for (var quad = 0; quad < _packed.SegmentQuads; )
        {
            using var scope = Code.Open();
            var at = place with { Offset = place.Offset + (quad * 4) };
            var from = weights + (quad * QuadBytes);
            if (quad < inRuns)
            {
                EmitQuadsOfRun(at, from);
                quad += _dialect.QuadsOfRun;
                continue;
            }

            EmitQuad(at, from, quad % _tile.DepthSplit);
            quad++;
        }
    }

    private void EmitDepth(string run, int pixelBytes)
    {
        var (quads, inRuns) = (_packed.SegmentQuads, QuadsInRuns);
        var place = new Place(run, "k", 0, pixelBytes);
        if (inRuns > 0)
        {
            using var loop = Code.For("k", 0, inRuns * 4, _dialect.QuadsOfRun * 4);
            EmitQuadsOfRun(place, 0);
            Code.Line($"w = ref Unsafe.Add(ref w, {_dialect.QuadsOfRun * QuadBytes});");
        }

        if (inRuns < quads)
        {
            using var loop = Code.For("k", inRuns * 4, quads * 4, 4 * _tile.DepthSplit);
            for (var u = 0; u < _tile.DepthSplit; u++)
            {
                using var scope = _tile.DepthSplit > 1 ? Code.Open("// Sum " + u) : (SourceWriter.Block?)null;
                EmitQuad(place with { Offset = 4 * u }, u * QuadBytes, u);
            }

            Code.Line($"w = ref Unsafe.Add(ref w, {_tile.DepthSplit * QuadBytes});");
        }
    }

    /// <summary>Quads of a segment that are worked off several at a time.</summary>
    private int QuadsInRuns => _dialect.QuadsOfRun > 1 ? _packed.SegmentQuads / _dialect.QuadsOfRun * _dialect.QuadsOfRun : 0;

    private int SegmentBytes => _packed.SegmentQuads * QuadBytes;

    private int QuadBytes => _packed.QuadBytes;

    /// <summary>Distance from <c>w</c> of a vector of weights of the quad that begins <paramref name="quad"/> bytes behind it.</summary>
    private int WeightsOf(int quad, int vector) =>
        quad + (_packed.PlaceOf(_dialect.Bits, vector) * _dialect.Lanes * _packed.QuadBytes / _packed.Block);

    private void EmitQuadsOfRun(Place place, int weights)
    {
        var accumulators = new string[_dialect.QuadsOfRun, _tile.Pixels, _tile.Vectors];
        foreach (var (quad, (p, v)) in Enumerable.Range(0, _dialect.QuadsOfRun).SelectMany(q => Accumulators().Select(a => (q, a))))
        {
            accumulators[quad, p, v] = Name(p, v, quad % _tile.DepthSplit);
        }

        var offsets = new int[_dialect.QuadsOfRun, _tile.Vectors];
        foreach (var (quad, v) in Pairs(_dialect.QuadsOfRun, _tile.Vectors))
        {
            offsets[quad, v] = WeightsOf(weights + (quad * QuadBytes), v);
        }

        Flow(_dialect.MultiplyRun([.. Enumerable.Range(0, _tile.Pixels).Select(place.Address)], accumulators, offsets, _flip));
    }

    /// <summary>Writes the products of a quad of every pixel, added to sum <paramref name="u"/> of each accumulator.</summary>
    private void EmitQuad(Place place, int weights, int u)
    {
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

        IEnumerable<string> Load(int v) => _dialect.LoadWeights(v, WeightsOf(weights, v));

        IEnumerable<string> Spread(int p) => _dialect.Spread(p, place.Address(p), _flip);
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

    /// <summary>Where the pixels of a tile have their bytes.</summary>
    /// <param name="Run">A ref.</param>
    /// <param name="Index">A variable that is added to it; null where there is none.</param>
    /// <param name="Offset">Bytes from there to the first pixel's.</param>
    /// <param name="PixelBytes">Bytes from one pixel to the next.</param>
    private readonly record struct Place(string Run, string? Index, int Offset, int PixelBytes)
    {
        public string Address(int pixel)
        {
            var offset = Offset + (pixel * PixelBytes);
            return Index is null ? $"ref Unsafe.Add(ref {Run}, {offset})"
                : offset == 0 ? $"ref Unsafe.Add(ref {Run}, {Index})"
                : $"ref Unsafe.Add(ref {Run}, {Index} + {offset})";
        }
    }
}
