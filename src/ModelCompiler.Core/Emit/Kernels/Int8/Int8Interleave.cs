namespace ModelCompiler.Emit.Kernels.Int8;

/// <summary>
/// The shared code that interleaves one to four rows of sixteen bytes a step into quads: byte i of every row, then byte i + 1.
/// Missing rows repeat the last one; their weights are zero.
/// </summary>
internal static class Int8Interleave
{
    /// <summary>x86's unpacks, two chunks at a time in 256 bits where there are such.</summary>
    public static SharedCode X86(int bits, int rows, bool flip)
    {
        var name = $"Interleave{rows}Rows{(bits >= 256 ? 256 : 128)}{(flip ? "Flipped" : "")}";
        var pairs =
            bits < 256
                ? ""
                : $$"""
                    for (; count >= 2; count -= 2)
                    {
                    {{Loads(
                        "Vector256",
                        i => $"Vector256.Create(Vector128.LoadUnsafe(ref r{i}), Vector128.LoadUnsafe(ref Unsafe.Add(ref r{i}, s{i})))",
                        rows,
                        flip
                    )}}
                    {{Unpacks("Avx2")}}
                        q0.GetLower().StoreUnsafe(ref to); q1.GetLower().StoreUnsafe(ref to, 16); q2.GetLower().StoreUnsafe(ref to, 32); q3.GetLower().StoreUnsafe(ref to, 48);
                        q0.GetUpper().StoreUnsafe(ref to, 64); q1.GetUpper().StoreUnsafe(ref to, 80); q2.GetUpper().StoreUnsafe(ref to, 96); q3.GetUpper().StoreUnsafe(ref to, 112);
                    {{Advances(rows, 2)}}
                    }

                    """;
        return Method(name, rows, pairs, Loads("Vector128", i => $"Vector128.LoadUnsafe(ref r{i})", rows, flip) + "\n" + Unpacks("Sse2"));
    }

    /// <summary>Arm's zips.</summary>
    public static SharedCode Arm(int rows, bool flip) =>
        Method(
            $"Interleave{rows}RowsArm{(flip ? "Flipped" : "")}",
            rows,
            "",
            Loads("Vector128", i => $"Vector128.LoadUnsafe(ref r{i})", rows, flip)
                + "\n"
                + Unpacks("AdvSimd.Arm64").Replace("UnpackLow", "ZipLow").Replace("UnpackHigh", "ZipHigh")
        );

    /// <summary>Widening and shifting, with the base class library alone.</summary>
    public static SharedCode Portable(int rows, bool flip)
    {
        var lines = Loads("Vector128", i => $"Vector128.LoadUnsafe(ref r{i})", rows, flip).Split('\n').ToList();
        for (var quarter = 0; quarter < 4; quarter++)
        {
            var (half, part) = (quarter < 2 ? "Lower" : "Upper", quarter % 2 == 0 ? "Lower" : "Upper");
            var terms = "abcd".Select((r, i) => $"(Vector128.Widen{part}(Vector128.Widen{half}({r})) << {8 * i})");
            lines.Add($"    var q{quarter} = ({string.Join(" | ", terms)}).AsByte();");
        }

        return Method($"Interleave{rows}RowsPortable{(flip ? "Flipped" : "")}", rows, "", string.Join("\n", lines));
    }

    private static SharedCode Method(string name, int rows, string pairs, string body) =>
        new(
            name,
            $$"""
            // Interleaves {{rows}} rows of sixteen bytes into quads, count times, {{(
                pairs.Length > 0 ? "two at a time, " : ""
            )}}each row going on by its own step.
            internal static void {{name}}({{string.Join(
                ", ",
                Enumerable.Range(0, rows).Select(i => $"ref byte r{i}, nint s{i}")
            )}}, nint count, ref byte to)
            {
            {{pairs}}    for (; count > 0; count--)
                {
            {{Indent(body)}}
                    q0.StoreUnsafe(ref to); q1.StoreUnsafe(ref to, 16); q2.StoreUnsafe(ref to, 32); q3.StoreUnsafe(ref to, 48);
            {{Indent(Advances(rows, 1))}}
                }
            }
            """
        );

    private static string Loads(string vector, Func<int, string> load, int rows, bool flip)
    {
        var flipped = flip ? $" ^ {vector}.Create((byte)128)" : "";
        return string.Join(
            "\n",
            "abcd".Select((name, i) => $"    var {name} = " + (i < rows ? load(i) + flipped : "abcd"[rows - 1].ToString()) + ";")
        );
    }

    private static string Unpacks(string set) =>
        $"""
                var ab = {set}.UnpackLow(a, b).AsInt16(); var cd = {set}.UnpackLow(c, d).AsInt16();
                var ef = {set}.UnpackHigh(a, b).AsInt16(); var gh = {set}.UnpackHigh(c, d).AsInt16();
                var q0 = {set}.UnpackLow(ab, cd).AsByte(); var q1 = {set}.UnpackHigh(ab, cd).AsByte();
                var q2 = {set}.UnpackLow(ef, gh).AsByte(); var q3 = {set}.UnpackHigh(ef, gh).AsByte();
            """;

    private static string Advances(int rows, int chunks)
    {
        var steps = Enumerable
            .Range(0, rows)
            .Select(i => $"r{i} = ref Unsafe.Add(ref r{i}, {(chunks > 1 ? $"{chunks} * s{i}" : $"s{i}")});");
        return $"    {string.Join(" ", steps)} to = ref Unsafe.Add(ref to, {chunks * 64});";
    }

    private static string Indent(string text) => string.Join("\n", text.Split('\n').Select(line => "    " + line));
}
