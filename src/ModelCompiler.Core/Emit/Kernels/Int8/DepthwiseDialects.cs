namespace ModelCompiler.Emit.Kernels.Int8;

/// <summary>
/// How one instruction set interleaves four rows of bytes and multiplies them, each channel by weights of its own. All unpacking is
/// within 128 bits; the weights are packed in the order that this leaves.
/// </summary>
/// <param name="Bits">Width of the vectors.</param>
internal abstract record DepthwiseDialect(int Bits)
{
    /// <summary>Vectors of sums that a vector of bytes becomes.</summary>
    public const int Quarters = 4;

    /// <summary>The static class of vectors of this width.</summary>
    public string Vector => $"Vector{Bits}";

    /// <summary>Runs of sixteen bytes in a vector.</summary>
    public int Runs => Bits / 128;

    public static DepthwiseDialect Of(InstructionSet set) =>
        set switch
        {
            InstructionSet.AvxVnni => new VnniDepthwise(),
            InstructionSet.Avx512 or InstructionSet.Avx2 => new MultiplyAddDepthwise(256),
            InstructionSet.Sse41 => new MultiplyAddDepthwise(128),
            InstructionSet.ArmDotProduct => new ArmDotProductDepthwise(),
            InstructionSet.AdvSimd => new AdvSimdDepthwise(),
            _ => new PortableDepthwise(),
        };

    /// <summary>Code that the statements call; null where instructions suffice.</summary>
    public virtual SharedCode? Dot => null;

    /// <summary>Statements that begin sums with a value.</summary>
    public virtual IEnumerable<string> Start(string sums, string value) => [$"var {sums} = {value};"];

    /// <summary>Statements that make <paramref name="sums"/> the whole sums.</summary>
    public virtual IEnumerable<string> Finish(string sums) => [];

    /// <summary>
    /// Statements that add the products of up to four rows, named r0 to r3, to the sums of each output row and quarter. The weights
    /// of an output row and quarter are a literal number of bytes behind <c>w</c>.
    /// </summary>
    public abstract IEnumerable<string> MultiplyAdd(int rows, int outputs, Func<int, int, int> offset);

    /// <summary>The code that requantises four vectors of sums to bytes in the order of the rows that were read.</summary>
    public abstract SharedCode Requantise(RequantiseForm form);

    /// <summary>The name of the sums of an output row and quarter.</summary>
    public static string Sums(int output, int quarter) => $"a{output}_{quarter}";

    /// <summary>Names of four rows; those that are missing repeat the last, their weights are zero.</summary>
    protected static string[] Rows(int rows, string mark) => [.. Enumerable.Range(0, 4).Select(i => $"r{mark}{Math.Min(i, rows - 1)}")];
}

/// <summary>Instruction sets that multiply quads of bytes: the bytes of four rows are interleaved in two steps.</summary>
internal abstract record QuadDepthwise(int Bits) : DepthwiseDialect(Bits)
{
    /// <summary>Statements that interleave four rows, one for each quarter, in variables q0 to q3 with <paramref name="mark"/> in their names.</summary>
    protected abstract IEnumerable<string> Interleave(string[] r, string mark);

    /// <summary>Statements that add the products of the quads of a quarter with the weights at an offset.</summary>
    protected abstract IEnumerable<string> Dots(string sums, string quads, int offset);

    public override IEnumerable<string> MultiplyAdd(int rows, int outputs, Func<int, int, int> offset)
    {
        var interleave = Interleave(Rows(rows, ""), "").ToArray();
        for (var quarter = 0; quarter < Quarters; quarter++)
        {
            yield return interleave[quarter];
            for (var output = 0; output < outputs; output++)
            {
                foreach (var statement in Dots(Sums(output, quarter), Quads("", quarter), offset(output, quarter)))
                {
                    yield return statement;
                }
            }
        }
    }

    /// <summary>Statements that interleave rows r0, r1, … of a column; the names of all have its mark.</summary>
    public IEnumerable<string> InterleaveColumn(int rows, string mark) => Interleave(Rows(rows, mark), mark);

    /// <summary>Statements that add the products of a column that was interleaved under a mark.</summary>
    public IEnumerable<string> MultiplyAddColumn(string mark, int outputs, Func<int, int, int> offset) =>
        from quarter in Enumerable.Range(0, Quarters)
        from output in Enumerable.Range(0, outputs)
        from statement in Dots(Sums(output, quarter), Quads(mark, quarter), offset(output, quarter))
        select statement;

    /// <summary>The name of the interleaved quads of a quarter.</summary>
    public static string Quads(string mark, int quarter) => $"q{mark}{quarter}";

    protected static IEnumerable<string> Unpack(string low, string high, string[] r, string m) =>
        [
            $"var ab{m} = {low}({r[0]}, {r[1]}).AsInt16(); var cd{m} = {low}({r[2]}, {r[3]}).AsInt16(); var q{m}0 = {low}(ab{m}, cd{m});",
            $"var q{m}1 = {high}(ab{m}, cd{m});",
            $"var ef{m} = {high}({r[0]}, {r[1]}).AsInt16(); var gh{m} = {high}({r[2]}, {r[3]}).AsInt16(); var q{m}2 = {low}(ef{m}, gh{m});",
            $"var q{m}3 = {high}(ef{m}, gh{m});",
        ];
}

/// <summary>AVX-VNNI: weights are operands in memory, because the registers are full of sums and rows.</summary>
internal sealed record VnniDepthwise() : QuadDepthwise(256)
{
    protected override IEnumerable<string> Interleave(string[] r, string mark) => Unpack("Avx2.UnpackLow", "Avx2.UnpackHigh", r, mark);

    protected override IEnumerable<string> Dots(string sums, string quads, int offset) =>
        [$"{sums} = AvxVnni.MultiplyWideningAndAdd({sums}, {quads}.AsByte(), Vector256.LoadUnsafe(ref w, {offset}));"];

    public override SharedCode Requantise(RequantiseForm form) => X86Requantise.Of(256, form);
}

/// <summary>
/// <c>pmaddwd</c> of 16-bit numbers: bytes of two rows are interleaved and widened. The weights of the first and third row of a quad
/// stand before those of the second and fourth.
/// </summary>
internal sealed record MultiplyAddDepthwise(int Bits) : DepthwiseDialect(Bits)
{
    private string Set => Bits == 256 ? "Avx2" : "Sse2";

    public override IEnumerable<string> MultiplyAdd(int rows, int outputs, Func<int, int, int> offset)
    {
        var r = Rows(rows, "");
        for (var pair = 0; pair < Math.Min(rows, 2); pair++)
        {
            for (var quarter = 0; quarter < Quarters; quarter++)
            {
                var bytes = $"b{pair}_{quarter / 2}";
                if (quarter % 2 == 0)
                {
                    yield return $"var {bytes} = {Set}.Unpack{(quarter == 0 ? "Low" : "High")}({r[pair]}, {r[pair + 2]});";
                }

                var x = $"x{pair}_{quarter}";
                var half = quarter % 2 == 0 ? "Low" : "High";
                yield return $"var {x} = {Set}.Unpack{half}({bytes}, {Vector}<byte>.Zero).AsInt16();";
                for (var output = 0; output < outputs; output++)
                {
                    var sums = Sums(output, quarter);
                    var weights = $"{Vector}.LoadUnsafe(ref wide, {offset(output, quarter) + (pair * Bits / 16)})";
                    yield return $"{sums} += {Set}.MultiplyAddAdjacent({x}, {weights});";
                }
            }
        }
    }

    public override SharedCode Requantise(RequantiseForm form) => X86Requantise.Of(Bits, form);

    /// <summary>
    /// The code that widens the weights of a block: quads of bytes become a vector of their first and third and one of their second
    /// and fourth bytes.
    /// </summary>
    public SharedCode WidenWeights { get; } =
        new(
            $"WidenQuads{Bits}",
            $$"""
            // Quads of bytes, 32 apart, become 16-bit numbers: first and third bytes, then second and fourth.
            internal static void WidenQuads{{Bits}}(ref sbyte quads, ref short wide, nint count)
            {
                for (nint i = 0; i < count; i++)
                {
                    var w = Vector{{Bits}}.LoadUnsafe(ref Unsafe.Add(ref quads, i * 32)).AsInt16();
                    ((w << 8) >> 8).StoreUnsafe(ref Unsafe.Add(ref wide, i * {{Bits / 8}}));
                    (w >> 8).StoreUnsafe(ref Unsafe.Add(ref wide, i * {{Bits / 8}} + {{Bits / 16}}));
                }
            }
            """
        );
}

/// <summary>Arm's <c>sdot</c>.</summary>
internal sealed record ArmDotProductDepthwise() : QuadDepthwise(128)
{
    protected override IEnumerable<string> Interleave(string[] r, string mark) =>
        Unpack("AdvSimd.Arm64.ZipLow", "AdvSimd.Arm64.ZipHigh", r, mark);

    protected override IEnumerable<string> Dots(string sums, string quads, int offset) =>
        [$"{sums} = Dp.DotProduct({sums}, Vector128.LoadUnsafe(ref w, {offset}), {quads}.AsSByte());"];

    public override SharedCode Requantise(RequantiseForm form) => ArmRequantise.Of(form);
}

/// <summary>Base AdvSimd: sums are two vectors of half sums until the end.</summary>
internal sealed record AdvSimdDepthwise() : QuadDepthwise(128)
{
    private static readonly AdvSimdDialect Dialect = new();

    public override SharedCode Dot => Dialect.Dot;

    public override IEnumerable<string> Start(string sums, string value) => Dialect.Start(sums, value);

    public override IEnumerable<string> Finish(string sums) => Dialect.Finish(sums);

    protected override IEnumerable<string> Interleave(string[] r, string mark) =>
        Unpack("AdvSimd.Arm64.ZipLow", "AdvSimd.Arm64.ZipHigh", r, mark);

    protected override IEnumerable<string> Dots(string sums, string quads, int offset)
    {
        var (w, q) = ($"Vector128.LoadUnsafe(ref w, {offset})", $"{quads}.AsSByte()");
        return [$"{sums}l = Shared.DotLower({sums}l, {w}, {q});", $"{sums}h = Shared.DotUpper({sums}h, {w}, {q});"];
    }

    public override SharedCode Requantise(RequantiseForm form) => ArmRequantise.Of(form);
}

/// <summary>Vector128 of the base class library: bytes are widened and shifted to their place in the quad.</summary>
internal sealed record PortableDepthwise() : QuadDepthwise(128)
{
    private static readonly PortableDialect Dialect = new();

    public override SharedCode Dot => Dialect.Dot;

    protected override IEnumerable<string> Interleave(string[] r, string mark)
    {
        for (var quarter = 0; quarter < Quarters; quarter++)
        {
            var (half, part) = (quarter < 2 ? "Lower" : "Upper", quarter % 2 == 0 ? "Lower" : "Upper");
            var terms = r.Select((row, i) => $"(Vector128.Widen{part}(Vector128.Widen{half}({row})) << {8 * i})");
            yield return $"var {Quads(mark, quarter)} = {string.Join(" | ", terms)};";
        }
    }

    protected override IEnumerable<string> Dots(string sums, string quads, int offset) =>
        [$"{sums} = Shared.DotPortable({sums}, {quads}.AsInt16(), Vector128.LoadUnsafe(ref w, {offset}).AsInt16());"];

    public override SharedCode Requantise(RequantiseForm form) => Dialect.Requantise(form);
}
