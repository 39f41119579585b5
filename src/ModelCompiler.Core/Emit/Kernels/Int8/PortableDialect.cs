namespace ModelCompiler.Emit.Kernels.Int8;

/// <summary>Vector128 of the base class library: unsigned × signed bytes as 16-bit products, which always fit.</summary>
internal sealed record PortableDialect() : Int8Dialect(128)
{
    public override SharedCode Dot { get; } =
        new(
            "DotPortable",
            """
            // Adds the products of each quad: even and odd bytes as 16-bit products, whose halves are added as 32 bits.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            internal static Vector128<int> DotPortable(Vector128<int> sum, Vector128<short> x, Vector128<short> w)
            {
                var even = ((x & Vector128.Create((short)255)) * ((w << 8) >> 8)).AsInt32();
                var odd = ((x >>> 8) * (w >> 8)).AsInt32();
                return sum + ((even << 16) >> 16) + (even >> 16) + ((odd << 16) >> 16) + (odd >> 16);
            }
            """
        );

    public override IEnumerable<string> LoadWeights(int v, int offset) => [$"var w{v} = Vector128.LoadUnsafe(ref w, {offset}).AsInt16();"];

    public override IEnumerable<string> Spread(int p, string address, bool flip) => [$"var x{p} = ({Repeat(address, flip)}).AsInt16();"];

    public override IEnumerable<string> LoadQuads(int p, string address) => [$"var x{p} = Vector128.LoadUnsafe({address}).AsInt16();"];

    public override IEnumerable<string> MultiplyAdd(string accumulator, int p, int v) =>
        [$"{accumulator} = Shared.DotPortable({accumulator}, x{p}, w{v});"];

    public override SharedCode Interleave(int rows, bool flip) => Int8Interleave.Portable(rows, flip);

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
