namespace ModelCompiler.Emit.Kernels.Int8;

/// <summary>Arm's <c>sdot</c>: signed × signed bytes; four quads of a pixel stay in one register and are picked by index.</summary>
internal sealed record ArmDotProductDialect() : Int8Dialect(128)
{
    public override int QuadsOfRun => 4;

    // The picked quad is part of the instruction, so each has a name of its own.
    public override SharedCode Dot { get; } =
        new(
            "DotArm",
            "// Adds to each sum four products with the quad of x that the name says.\n"
                + string.Join("\n\n", Enumerable.Range(0, 4).Select(DotOfQuad))
        );

    public override IEnumerable<string> LoadWeights(int v, Func<int, string> load) => [$"var w{v} = {load(0)};"];

    public override string LookUp(string indices) => $"AdvSimd.Arm64.VectorTableLookup(book, ({indices}).AsSByte())";

    public override IEnumerable<string> Spread(int p, string address, bool flip, uint mask) =>
        [$"var x{p} = ({Repeat(address, flip, mask)}).AsSByte();"];

    public override IEnumerable<string> MultiplyAdd(string accumulator, int p, int v) =>
        [$"{accumulator} = Dp.DotProduct({accumulator}, w{v}, x{p});"];

    public override IEnumerable<string> MultiplyRun(
        Func<int, int, string> address,
        string[,,] accumulators,
        Func<int, int, IEnumerable<string>> weights,
        bool flip
    )
    {
        var (pixels, vectors) = (accumulators.GetLength(1), accumulators.GetLength(2));
        for (var p = 0; p < pixels; p++)
        {
            var load = $"Vector128.LoadUnsafe({address(0, p)})" + (flip ? " ^ Vector128.Create((byte)128)" : "");
            yield return $"var x{p} = ({load}).AsSByte();";
        }

        for (var quad = 0; quad < QuadsOfRun; quad++)
        {
            for (var v = 0; v < vectors; v++)
            {
                foreach (var statement in weights(quad, v))
                {
                    yield return statement;
                }

                for (var p = 0; p < pixels; p++)
                {
                    var a = accumulators[quad, p, v];
                    yield return $"{a} = Shared.Dot{quad}({a}, w{quad}_{v}, x{p});";
                }
            }
        }
    }

    public override SharedCode Requantise(RequantiseForm form) => ArmRequantise.Of(form);

    private static string DotOfQuad(int quad) =>
        $$"""
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            internal static Vector128<int> Dot{{quad}}(Vector128<int> sums, Vector128<sbyte> w, Vector128<sbyte> x) =>
                Dp.DotProductBySelectedQuadruplet(sums, w, x, {{quad}});
            """;
}

/// <summary>
/// Base AdvSimd: products of 16 bits, each pair added into 32 bits at once, because two products of −128 · −128 do not fit 16.
/// An accumulator is two vectors of half sums until the end.
/// </summary>
internal sealed record AdvSimdDialect() : Int8Dialect(128)
{
    public override SharedCode Dot { get; } =
        new(
            "DotAdvSimd",
            """
            // Products of the lower and of the upper halves, each pair of neighbours added to 32 bits at once.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            internal static Vector128<int> DotLower(Vector128<int> sums, Vector128<sbyte> w, Vector128<sbyte> x) =>
                AdvSimd.AddPairwiseWideningAndAdd(sums, AdvSimd.MultiplyWideningLower(w.GetLower(), x.GetLower()));

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            internal static Vector128<int> DotUpper(Vector128<int> sums, Vector128<sbyte> w, Vector128<sbyte> x) =>
                AdvSimd.AddPairwiseWideningAndAdd(sums, AdvSimd.MultiplyWideningUpper(w, x));
            """
        );

    public override IEnumerable<string> LoadWeights(int v, Func<int, string> load) => [$"var w{v} = {load(0)};"];

    public override string LookUp(string indices) => $"AdvSimd.Arm64.VectorTableLookup(book, ({indices}).AsSByte())";

    public override IEnumerable<string> Spread(int p, string address, bool flip, uint mask) =>
        [$"var x{p} = ({Repeat(address, flip, mask)}).AsSByte();"];

    public override IEnumerable<string> Start(string accumulator, string value) =>
        [$"Vector128<int> {accumulator} = {value}, {accumulator}l = default, {accumulator}h = default;"];

    public override IEnumerable<string> MultiplyAdd(string accumulator, int p, int v) =>
        [
            $"{accumulator}l = Shared.DotLower({accumulator}l, w{v}, x{p});",
            $"{accumulator}h = Shared.DotUpper({accumulator}h, w{v}, x{p});",
        ];

    public override IEnumerable<string> Finish(string accumulator) =>
        [$"{accumulator} += AdvSimd.Arm64.AddPairwise({accumulator}l, {accumulator}h);"];

    public override SharedCode Requantise(RequantiseForm form) => ArmRequantise.Of(form);
}

/// <summary>Requantisation with Arm's saturating conversions.</summary>
internal static class ArmRequantise
{
    public static SharedCode Of(RequantiseForm form)
    {
        // The conversion to integers saturates by itself.
        form = form with
        {
            MayExceedInt32 = false,
        };
        var name = $"RequantiseArm{form.Suffix}";
        var narrow = form is { Signed: true, FromLowest: false } ? "ExtractNarrowingSaturate" : "ExtractNarrowingSaturateUnsigned";
        var flip = form is { Signed: true, FromLowest: true } ? " ^ Vector128.Create((byte)128)" : "";
        var places = form.Fill();
        List<string> lines = form.FromLowest ? [] : ["var zero = Vector128.Create(zeroPoint);"];
        lines.AddRange(places.Distinct().Select(p => $"var r{p} = Round{name}({p}, m{p});"));
        lines.Add($"var low = {Half(places[0], places[1])};");
        if (form.Vectors == Int8Dialect.VectorsOfBytes)
        {
            lines.Add($"var high = {Half(places[2], places[3])};");
            lines.Add($"return AdvSimd.{narrow}Upper(AdvSimd.{narrow}Lower(low), high).AsByte(){flip};");
        }
        else
        {
            lines.Add($"return AdvSimd.{narrow}Lower(low).ToVector128Unsafe().AsByte(){flip};");
        }

        return new SharedCode(
            name,
            $$"""
            // Sums become bytes in the order of the vectors: scaled, rounded half to even, zero point added, saturated.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            internal static Vector128<byte> {{name}}({{form.Parameters("Vector128")}})
            {
                {{string.Join("\n    ", lines)}}
            }

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static Vector128<int> Round{{name}}(Vector128<int> sum, Vector128<float> multiplier) =>
                AdvSimd.ConvertToInt32RoundToEven(AdvSimd.Multiply(AdvSimd.ConvertToSingle(sum), multiplier));
            """
        );

        string Half(char first, char second)
        {
            var half = $"AdvSimd.ExtractNarrowingSaturateUpper(AdvSimd.ExtractNarrowingSaturateLower(r{first}), r{second})";
            return form.FromLowest ? half : $"AdvSimd.AddSaturate({half}, zero)";
        }
    }
}
