using ModelCompiler.Graphs;
using ModelCompiler.Lowering.Kernels.Int8;

namespace ModelCompiler.Emit.Kernels.Int8;

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
    private readonly Int8WeightReader _weights;
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
        _weights = new(packed, _dialect);
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
        if (_packed.Sparse is { } sparse)
        {
            Code.Line($"ref int starts = ref Unsafe.Add({_writer.Weights(sparse.Starts)}, block);");
            Code.Line("nint from = starts, quads = Unsafe.Add(ref starts, 1) - from;");
            Code.Line($"ref {OffsetType(sparse)} offsets = ref Unsafe.Add({_writer.Weights(sparse.Offsets)}, from);");
            Code.Line($"ref sbyte weights = ref Unsafe.Add({_writer.Weights(_packed.Weights)}, from * {QuadBytes});");
        }
        else
        {
            Code.Line($"ref sbyte weights = ref Unsafe.Add({_writer.Weights(_packed.Weights)}, block * {_packed.BlockBytes});");
        }

        if (_packed.Book is { } book)
        {
            Code.Line(_weights.Book(_writer.Weights(book)));
        }

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

    private static string OffsetType(SparseQuads sparse) => sparse.Offsets.Element.CSharpName()!;

    private void EmitRuns(Int8Runs runs, int pixelBytes)
    {
        if (_packed.Sparse is not null)
        {
            EmitSparse(pixelBytes);
            return;
        }

        if (runs.Rows * runs.Taps * _packed.SegmentQuads * _tile.Pixels * _tile.Vectors <= UnrolledProducts)
        {
            for (var run = 0; run < runs.Rows * runs.Taps; run++)
            {
                EmitUnrolled(new Place("x", null, runs.Offset(run), pixelBytes), run * SegmentBytes);
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

    /// <summary>Writes loops over the quads that are there.</summary>
    private void EmitSparse(int pixelBytes)
    {
        var together = _dialect.TakesScatteredQuads ? _dialect.QuadsOfRun : _tile.DepthSplit;
        if (together == 1)
        {
            using var each = Code.For("i", "0", "quads");
            EmitScattered(1, pixelBytes);
            return;
        }

        Code.Line("nint i = 0;");
        using (Code.Open($"for (; i <= quads - {together}; i += {together})"))
        {
            if (_dialect.TakesScatteredQuads)
            {
                EmitOffsets(together);
                EmitQuadsOfRun(quad => new Place("x", $"k{quad}", 0, pixelBytes), 0);
                Code.Line($"w = ref Unsafe.Add(ref w, {together * QuadBytes});");
            }
            else
            {
                EmitScattered(together, pixelBytes);
            }
        }

        using var rest = Code.Open("for (; i < quads; i++)");
        EmitScattered(1, pixelBytes);
    }

    private void EmitScattered(int count, int pixelBytes)
    {
        EmitOffsets(count);
        for (var u = 0; u < count; u++)
        {
            using var scope = count > 1 ? Code.Open("// Sum " + u) : (SourceWriter.Block?)null;
            EmitQuad(new Place("x", $"k{u}", 0, pixelBytes), u * QuadBytes, u);
        }

        Code.Line($"w = ref Unsafe.Add(ref w, {count * QuadBytes});");
    }

    private void EmitOffsets(int count) =>
        Flow(Enumerable.Range(0, count).Select(u => $"nint k{u} = Unsafe.Add(ref offsets, i{(u > 0 ? $" + {u}" : "")});"));

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
                EmitQuadsOfRun(q => at with { Offset = at.Offset + (q * 4) }, from);
                quad += _dialect.QuadsOfRun;
                continue;
            }

            EmitQuad(at, from, quad % _tile.DepthSplit, MaskOf(quad));
            quad++;
        }
    }

    private void EmitDepth(string run, int pixelBytes)
    {
        var (quads, inRuns) = (_packed.SegmentQuads, QuadsInRuns);
        var inSteps = inRuns + ((WholeQuads - inRuns) / _tile.DepthSplit * _tile.DepthSplit);
        var place = new Place(run, "k", 0, pixelBytes);
        if (inRuns > 0)
        {
            using var loop = Code.For("k", 0, inRuns * 4, _dialect.QuadsOfRun * 4);
            EmitQuadsOfRun(quad => place with { Offset = quad * 4 }, 0);
            Code.Line($"w = ref Unsafe.Add(ref w, {_dialect.QuadsOfRun * QuadBytes});");
        }

        if (inRuns < inSteps)
        {
            using var loop = Code.For("k", inRuns * 4, inSteps * 4, 4 * _tile.DepthSplit);
            for (var u = 0; u < _tile.DepthSplit; u++)
            {
                using var scope = _tile.DepthSplit > 1 ? Code.Open("// Sum " + u) : (SourceWriter.Block?)null;
                EmitQuad(place with { Offset = 4 * u }, u * QuadBytes, u);
            }

            Code.Line($"w = ref Unsafe.Add(ref w, {_tile.DepthSplit * QuadBytes});");
        }

        for (var quad = inSteps; quad < quads; quad++)
        {
            using var scope = Code.Open();
            EmitQuad(new Place(run, null, quad * 4, pixelBytes), 0, quad % _tile.DepthSplit, MaskOf(quad));
            Code.Line($"w = ref Unsafe.Add(ref w, {QuadBytes});");
        }
    }

    /// <summary>Quads of a segment of which all inputs count.</summary>
    private int WholeQuads => _packed.SegmentQuads - (_packed.TailBytes > 0 ? 1 : 0);

    /// <summary>The inputs of a quad that count.</summary>
    private uint MaskOf(int quad) => quad < WholeQuads ? uint.MaxValue : (1u << (_packed.TailBytes * 8)) - 1;

    /// <summary>Quads of a segment that are worked off several at a time.</summary>
    private int QuadsInRuns => _dialect.QuadsOfRun > 1 ? WholeQuads / _dialect.QuadsOfRun * _dialect.QuadsOfRun : 0;

    private int SegmentBytes => _packed.SegmentQuads * QuadBytes;

    private int QuadBytes => _packed.QuadBytes;

    private void EmitQuadsOfRun(Func<int, Place> places, int weights)
    {
        var accumulators = new string[_dialect.QuadsOfRun, _tile.Pixels, _tile.Vectors];
        foreach (var (quad, (p, v)) in Enumerable.Range(0, _dialect.QuadsOfRun).SelectMany(q => Accumulators().Select(a => (q, a))))
        {
            accumulators[quad, p, v] = Name(p, v, quad % _tile.DepthSplit);
        }

        var read = Enumerable.Range(0, _dialect.QuadsOfRun).Select(_ => new HashSet<int>()).ToArray();
        Flow(
            _dialect.MultiplyRun(
                (quad, pixel) => places(quad).Address(pixel),
                accumulators,
                (quad, v) => _weights.LoadNumbered(quad, v, weights + (quad * QuadBytes), read[quad]),
                _flip
            )
        );
    }

    /// <summary>Writes the products of a quad of every pixel, added to sum <paramref name="u"/> of each accumulator.</summary>
    private void EmitQuad(Place place, int weights, int u, uint mask = uint.MaxValue)
    {
        var read = new HashSet<int>();
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

        IEnumerable<string> Load(int v) => _weights.Load(v, weights, read);

        IEnumerable<string> Spread(int p) => _dialect.Spread(p, place.Address(p), _flip, mask);
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
