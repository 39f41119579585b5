namespace ModelCompiler.Emit.Kernels.Int8;

/// <summary>AVX-VNNI: <c>vpdpbusd</c> does unsigned × signed bytes in one instruction, without saturation.</summary>
internal sealed record VnniDialect() : Int8Dialect(256)
{
    public override IEnumerable<string> LoadWeights(int v, int offset) => [$"var w{v} = Vector256.LoadUnsafe(ref w, {offset});"];

    public override IEnumerable<string> Spread(int p, string address, bool flip) => [$"var x{p} = ({Repeat(address, flip)}).AsByte();"];

    public override IEnumerable<string> LoadQuads(int p, string address) => [$"var x{p} = Vector256.LoadUnsafe({address});"];

    public override SharedCode Interleave(int rows, bool flip) => Int8Interleave.X86(256, rows, flip);

    public override IEnumerable<string> MultiplyAdd(string accumulator, int p, int v) =>
        [$"{accumulator} = AvxVnni.MultiplyWideningAndAdd({accumulator}, x{p}, w{v});"];

    public override SharedCode Requantise(RequantiseForm form) => X86Requantise.Of(256, form);
}

/// <summary>
/// <c>pmaddwd</c> of 16-bit halves: even and odd bytes of the quads are widened in place, so that the sums are exact for all weights
/// (<c>pmaddubsw</c> would saturate).
/// </summary>
internal sealed record MultiplyAddDialect(int Bits) : Int8Dialect(Bits)
{
    private string Instructions =>
        Bits switch
        {
            512 => "Avx512BW",
            256 => "Avx2",
            _ => "Sse2",
        };

    public override SharedCode Dot =>
        new(
            $"Dot{Bits}",
            $$"""
            // Adds the products of each quad: even bytes y · e, odd bytes z · d, as 16-bit numbers.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            internal static {{Vector}}<int> Dot{{Bits}}({{Vector}}<int> sum, {{Vector}}<short> y, {{Vector}}<short> z, {{Vector}}<short> e, {{Vector}}<short> d) =>
                sum + ({{Instructions}}.MultiplyAddAdjacent(y, e) + {{Instructions}}.MultiplyAddAdjacent(z, d));
            """
        );

    public override IEnumerable<string> LoadWeights(int v, int offset) =>
        [$"var w{v} = {Vector}.LoadUnsafe(ref w, {offset}).AsInt16(); var e{v} = (w{v} << 8) >> 8; var d{v} = w{v} >> 8;"];

    public override IEnumerable<string> Spread(int p, string address, bool flip) => Split(p, $"({Repeat(address, flip)})");

    public override IEnumerable<string> LoadQuads(int p, string address) => Split(p, $"{Vector}.LoadUnsafe({address})");

    public override SharedCode Interleave(int rows, bool flip) => Int8Interleave.X86(Bits, rows, flip);

    public override IEnumerable<string> MultiplyAdd(string accumulator, int p, int v) =>
        [$"{accumulator} = Shared.Dot{Bits}({accumulator}, y{p}, z{p}, e{v}, d{v});"];

    private IEnumerable<string> Split(int p, string quads) =>
        [$"var x{p} = {quads}.AsInt16(); var y{p} = x{p} & {Vector}.Create((short)255); var z{p} = x{p} >>> 8;"];

    public override SharedCode Requantise(RequantiseForm form) => X86Requantise.Of(Bits, form);
}

/// <summary>Requantisation with x86's saturating packs.</summary>
internal static class X86Requantise
{
    public static SharedCode Of(int bits, RequantiseForm form)
    {
        var (vector, integer, single) = bits switch
        {
            512 => ("Vector512", "Avx512BW", "Avx512F"),
            256 => ("Vector256", "Avx2", "Avx"),
            _ => ("Vector128", "Sse2", "Sse2"),
        };
        var name = $"Requantise{bits}{form.Suffix}";
        var pack = form.Signed ? "PackSignedSaturate" : "PackUnsignedSaturate";
        var round = form.MayExceedInt32
            ? $"{single}.ConvertTo{vector}Int32({vector}.Min({vector}.ConvertToSingle(sum) * multiplier, {vector}.Create(2147483520f)))"
            : $"{single}.ConvertTo{vector}Int32({vector}.ConvertToSingle(sum) * multiplier)";

        // The packs work within 128 bits, which leaves runs of four bytes to be put in order.
        var packed = $"{integer}.{pack}({integer}.AddSaturate(ab, zero), {integer}.AddSaturate(cd, zero))";
        var ordered = bits switch
        {
            512 =>
                $"Avx512F.PermuteVar16x32({packed}.AsInt32(), Vector512.Create(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)).AsByte()",
            256 => $"Avx2.PermuteVar8x32({packed}.AsInt32(), Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7)).AsByte()",
            _ => $"{packed}.AsByte()",
        };
        return new SharedCode(
            name,
            $$"""
            // Sums become bytes in the order of the vectors: scaled, rounded half to even, zero point added, saturated.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            internal static {{vector}}<byte> {{name}}({{vector}}<int> a, {{vector}}<int> b, {{vector}}<int> c, {{vector}}<int> d, {{vector}}<float> ma, {{vector}}<float> mb, {{vector}}<float> mc, {{vector}}<float> md, short zeroPoint)
            {
                var zero = {{vector}}.Create(zeroPoint);
                var ab = {{integer}}.PackSignedSaturate(Round{{name}}(a, ma), Round{{name}}(b, mb));
                var cd = {{integer}}.PackSignedSaturate(Round{{name}}(c, mc), Round{{name}}(d, md));
                return {{ordered}};
            }

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static {{vector}}<int> Round{{name}}({{vector}}<int> sum, {{vector}}<float> multiplier) =>
                {{round}};
            """
        );
    }
}
