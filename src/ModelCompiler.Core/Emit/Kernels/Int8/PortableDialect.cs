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

    public override IEnumerable<string> LoadWeights(int v, Func<int, string> load) => [$"var w{v} = ({load(0)}).AsInt16();"];

    public override string LookUp(string indices) => $"Vector128.Shuffle(book, ({indices}).AsSByte())";

    public override IEnumerable<string> Spread(int p, string address, bool flip, uint mask) =>
        [$"var x{p} = ({Repeat(address, flip, mask)}).AsInt16();"];

    public override IEnumerable<string> MultiplyAdd(string accumulator, int p, int v) =>
        [$"{accumulator} = Shared.DotPortable({accumulator}, x{p}, w{v});"];

    public override SharedCode Requantise(RequantiseForm form)
    {
        // Rounded sums are limited before they are converted, whatever they may be.
        form = form with
        {
            MayExceedInt32 = false,
        };
        var name = $"RequantisePortable{form.Suffix}";
        var (low, high) = form.Signed ? (-128, 127) : (0, 255);
        var places = form.Fill();
        List<string> lines = form.FromLowest ? [$"const short zeroPoint = {low};"] : [];
        lines.AddRange(places.Distinct().Select(p => $"var r{p} = Round{name}({p}, m{p}, zeroPoint);"));
        return new SharedCode(
            name,
            $$"""
            // Sums become bytes in the order of the vectors: scaled, rounded half to even, limited, zero point added.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            internal static Vector128<byte> {{name}}({{form.Parameters("Vector128")}})
            {
                {{string.Join("\n    ", lines)}}
                var zero = Vector128.Create(zeroPoint);
                return Vector128.Narrow(Vector128.Narrow(r{{places[0]}}, r{{places[1]}}) + zero, Vector128.Narrow(r{{places[2]}}, r{{places[
                3
            ]}}) + zero).AsByte();
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
