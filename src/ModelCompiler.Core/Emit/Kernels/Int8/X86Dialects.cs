namespace ModelCompiler.Emit.Kernels.Int8;

/// <summary>
/// AVX-VNNI: <c>vpdpbusd</c> does unsigned × signed bytes in one instruction, without saturation. Every processor that has it has GFNI.
/// </summary>
internal sealed record VnniDialect() : Int8Dialect(256)
{
    /// <summary>One instruction in place of two: a matrix of bits that moves the upper four down.</summary>
    public override string HighHalves(string bytes) =>
        $"Gfni.V256.GaloisFieldAffineTransform({bytes}, Vector256.Create(0x1020408000000000UL).AsByte(), 0)";

    public override IEnumerable<string> LoadWeights(int v, Func<int, string> load) => [$"var w{v} = {load(0)};"];

    public override string LookUp(string indices) => $"Avx2.Shuffle(book, ({indices}).AsSByte())";

    public override IEnumerable<string> Spread(int p, string address, bool flip, uint mask) =>
        [$"var x{p} = ({Repeat(address, flip, mask)}).AsByte();"];

    public override IEnumerable<string> MultiplyAdd(string accumulator, int p, int v) =>
        [$"{accumulator} = AvxVnni.MultiplyWideningAndAdd({accumulator}, x{p}, w{v});"];

    public override SharedCode Requantise(RequantiseForm form) => X86Requantise.Of(256, form);

    public override string Permute(string bytes, int[] places) => X86Requantise.Permute(256, bytes, places);
}

/// <summary>
/// <c>pmaddwd</c> of 16-bit halves: even and odd bytes of the quads are widened in place, so that the sums are exact for all weights
/// (<c>pmaddubsw</c> would saturate).
/// </summary>
internal record MultiplyAddDialect(int Bits) : Int8Dialect(Bits)
{
    protected string Instructions =>
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

    public override IEnumerable<string> LoadWeights(int v, Func<int, string> load) =>
        [$"var w{v} = ({load(0)}).AsInt16(); var e{v} = (w{v} << 8) >> 8; var d{v} = w{v} >> 8;"];

    public override string LookUp(string indices) => $"{(Bits == 128 ? "Ssse3" : Instructions)}.Shuffle(book, ({indices}).AsSByte())";

    public override IEnumerable<string> Spread(int p, string address, bool flip, uint mask) => Split(p, $"({Repeat(address, flip, mask)})");

    public override IEnumerable<string> MultiplyAdd(string accumulator, int p, int v) =>
        [$"{accumulator} = Shared.Dot{Bits}({accumulator}, y{p}, z{p}, e{v}, d{v});"];

    private IEnumerable<string> Split(int p, string quads) =>
        [$"var x{p} = {quads}.AsInt16(); var y{p} = x{p} & {Vector}.Create((short)255); var z{p} = x{p} >>> 8;"];

    public override SharedCode Requantise(RequantiseForm form) => X86Requantise.Of(Bits, form);

    public override string Permute(string bytes, int[] places) => X86Requantise.Permute(Bits, bytes, places);
}

/// <summary>The same where the weights are packed as 16-bit numbers, even bytes and odd bytes.</summary>
internal sealed record WidenedDialect(int Bits) : MultiplyAddDialect(Bits)
{
    public override IEnumerable<string> LoadWeights(int v, Func<int, string> load) =>
        [$"var e{v} = {load(0)}.AsInt16();", $"var d{v} = {load(Bits / 8)}.AsInt16();"];
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
        var product = $"{vector}.ConvertToSingle(sum) * multiplier";
        var limited = form.MayExceedInt32 ? $"{vector}.Min({product}, {vector}.Create(2147483520f))" : product;
        var pack = form is { Signed: true, FromLowest: false } ? "PackSignedSaturate" : "PackUnsignedSaturate";
        var flip = form is { Signed: true, FromLowest: true } ? $" ^ {vector}.Create((byte)128)" : "";
        var places = form.Fill();
        List<string> lines = form.FromLowest ? [] : [$"var zero = {vector}.Create(zeroPoint);"];
        lines.AddRange(places.Distinct().Select(p => $"var r{p} = Round{name}({p}, m{p});"));
        lines.Add($"var low = {Half(places[0], places[1])};");
        if (form.Vectors == Int8Dialect.VectorsOfBytes)
        {
            lines.Add($"var high = {Half(places[2], places[3])};");
        }

        lines.Add($"return {integer}.{pack}(low, {(form.Vectors == Int8Dialect.VectorsOfBytes ? "high" : "low")}).AsByte(){flip};");
        return new SharedCode(
            name,
            $$"""
            // Sums become bytes, four channels of each vector in turn: scaled, rounded half to even, zero point added, saturated.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            internal static {{vector}}<byte> {{name}}({{form.Parameters(vector)}})
            {
                {{string.Join("\n    ", lines)}}
            }

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static {{vector}}<int> Round{{name}}({{vector}}<int> sum, {{vector}}<float> multiplier) =>
                {{single}}.ConvertTo{{vector}}Int32({{limited}});
            """
        );

        string Half(char first, char second)
        {
            var half = $"{integer}.PackSignedSaturate(r{first}, r{second})";
            return form.FromLowest ? half : $"{integer}.AddSaturate({half}, zero)";
        }
    }

    /// <summary>Fours of bytes in another order.</summary>
    public static string Permute(int bits, string bytes, int[] places)
    {
        var permute = bits == 512 ? "Avx512F.PermuteVar16x32" : "Avx2.PermuteVar8x32";
        return $"{permute}({bytes}.AsInt32(), Vector{bits}.Create({string.Join(", ", places)})).AsByte()";
    }
}
