namespace ModelCompiler.Emit.Kernels.Int8;

/// <summary>Vector128 of the base class library: unsigned × signed bytes as 16-bit products, which always fit.</summary>
internal sealed record PortableDialect() : Int8Dialect(128)
{
    public override IEnumerable<string> LoadWeights(int v, int offset) =>
        [$"var w{v} = Vector128.LoadUnsafe(ref w, {offset}).AsInt16();", $"Vector128<short> e{v} = (w{v} << 8) >> 8, d{v} = w{v} >> 8;"];

    public override IEnumerable<string> Spread(int p, string address, bool flip) => Split(p, $"({Repeat(address, flip)})");

    public override IEnumerable<string> LoadQuads(int p, string address) => Split(p, $"Vector128.LoadUnsafe({address})");

    public override SharedCode Interleave(int rows, bool flip) => Int8Interleave.Portable(rows, flip);

    private static IEnumerable<string> Split(int p, string quads) =>
        [$"var x{p} = {quads}.AsInt16();", $"Vector128<short> y{p} = x{p} & Vector128.Create((short)255), z{p} = x{p} >>> 8;"];

    public override IEnumerable<string> MultiplyAdd(string accumulator, int p, int v) =>
        [
            $"Vector128<int> e{p}_{v} = (y{p} * e{v}).AsInt32(), d{p}_{v} = (z{p} * d{v}).AsInt32();",
            $"{accumulator} += ((e{p}_{v} << 16) >> 16) + (e{p}_{v} >> 16) + ((d{p}_{v} << 16) >> 16) + (d{p}_{v} >> 16);",
        ];

    public override SharedCode Requantise(RequantiseForm form)
    {
        var name = $"RequantisePortable{(form.Signed ? "Signed" : "Unsigned")}";
        var (low, high) = form.Signed ? (-128, 127) : (0, 255);
        return new SharedCode(
            name,
            $$"""
            // Sums become bytes in the order of the vectors: scaled, rounded half to even, limited, zero point added.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            internal static Vector128<byte> {{name}}(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d, Vector128<float> ma, Vector128<float> mb, Vector128<float> mc, Vector128<float> md, short zeroPoint)
            {
                var zero = Vector128.Create(zeroPoint);
                var ab = Vector128.Narrow(Round{{name}}(a, ma, zeroPoint), Round{{name}}(b, mb, zeroPoint)) + zero;
                var cd = Vector128.Narrow(Round{{name}}(c, mc, zeroPoint), Round{{name}}(d, md, zeroPoint)) + zero;
                return Vector128.Narrow(ab, cd).AsByte();
            }

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static Vector128<int> Round{{name}}(Vector128<int> sum, Vector128<float> multiplier, int zeroPoint)
            {
                var rounded = Vector128.Round(Vector128.ConvertToSingle(sum) * multiplier);
                return Vector128.ConvertToInt32(Vector128.Min(Vector128.Max(rounded, Vector128.Create({{low}}f - zeroPoint)), Vector128.Create({{high}}f - zeroPoint)));
            }
            """
        );
    }
}
